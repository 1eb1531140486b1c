import { describe } from 'vitest';

import { gcsVfs } from '../../../src/backends/gcs/index.js';
import { acrossSuite, type Remote } from '../../support/suites/across.js';
import { fakeGcs, missing } from './servers.js';
import { useServer } from './use-server.js';

async function open(): Promise<Remote> {
  const server = await useServer(fakeGcs);
  const { bucket } = server;
  return {
    uri: `gs://${bucket}/across`,
    env: { STORAGE_EMULATOR_HOST: server.endpoint },
    ...{ vfs: gcsVfs({ bucket, client: server.client() }), path: 'across' },
    dispose: () => server.dispose(),
  };
}

const lacking = missing(fakeGcs);
describe.skipIf(lacking !== undefined)(
  `commands across processes on ${fakeGcs.name}${lacking ? `: ${lacking}` : ''}`,
  () => {
    acrossSuite(open, 6);
  },
);
