import { afterAll, beforeAll, describe } from 'vitest';

import { gcsVfs, type GcsVfs } from '../../../src/backends/gcs/index.js';
import { manyLocksSuite } from '../buckets/many-locks.js';
import { fakeGcs, missing, type GcsServer } from './servers.js';
import { useServer } from './use-server.js';

const lacking = missing(fakeGcs);

describe.skipIf(lacking !== undefined)(`many locks on fake-gcs-server${lacking ? `: ${lacking}` : ''}`, () => {
  let server: GcsServer;
  let vfs: GcsVfs;

  beforeAll(async () => {
    server = await useServer(fakeGcs);
    vfs = gcsVfs({ bucket: server.bucket, client: server.client() });
  });
  afterAll(() => server.dispose());

  manyLocksSuite(() => vfs);
});
