import { describe } from 'vitest';

import { gcsVfs } from '../../../src/backends/gcs/index.js';
import { programs, type Bucket } from '../../support/cli/programs.js';
import { fakeGcs, missing } from './servers.js';
import { useServer } from './use-server.js';

async function open(): Promise<Bucket> {
  const server = await useServer(fakeGcs);
  const { endpoint, bucket } = server;
  return {
    uri: `gs://${bucket}`,
    missing: 'gs://no-such-bucket',
    env: { STORAGE_EMULATOR_HOST: endpoint },
    vfs: gcsVfs({ bucket, client: server.client() }),
    dispose: () => server.dispose(),
  };
}

const lacking = missing(fakeGcs);
describe.skipIf(lacking !== undefined)(`programs on ${fakeGcs.name}${lacking ? `: ${lacking}` : ''}`, () => {
  programs(open);
});
