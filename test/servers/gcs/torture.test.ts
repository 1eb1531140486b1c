import { afterEach, describe, test, vi } from 'vitest';

import { S3Proxy } from '../../support/http-proxy.js';
import { LIMIT_MS, tortureThroughResets } from '../../proof/torture/resets.js';
import { fakeGcs, missing } from './servers.js';
import { useServer } from './use-server.js';

const lacking = missing(fakeGcs);

afterEach(() => {
  vi.unstubAllEnvs();
});

describe.skipIf(lacking !== undefined)(`torture on fake-gcs-server${lacking ? `: ${lacking}` : ''}`, () => {
  test(
    'eight processes, killed, stopped and reset at random, never hold one lock at one time',
    { timeout: LIMIT_MS },
    async () => {
      const server = await useServer(fakeGcs);
      const proxy = await S3Proxy.to(server.endpoint);
      vi.stubEnv('STORAGE_EMULATOR_HOST', proxy.endpoint);
      // Locks are released by tombstones: its conditional deletes exclude nobody.
      const store = { kind: 'gcs', bucket: server.bucket, prefix: 'torture/' } as const;
      try {
        await tortureThroughResets(fakeGcs.name, proxy, store);
      } finally {
        await proxy.close();
        await server.dispose();
      }
    },
  );
});
