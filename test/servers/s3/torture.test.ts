import { afterEach, describe, test, vi } from 'vitest';

import { LIMIT_MS, tortureThroughResets } from '../../proof/torture/resets.js';
import { S3Proxy } from '../../support/http-proxy.js';
import { missing, servers } from './servers.js';
import { useServer } from './use-server.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

for (const kind of servers) {
  const lacking = missing(kind);
  describe.skipIf(lacking !== undefined)(`torture on ${kind.name}${lacking ? `: ${lacking}` : ''}`, () => {
    const ways = kind.removes ? (['none', 'native'] as const) : (['none'] as const);
    test.each(ways)(
      'eight processes, killed, stopped and reset at random, never hold one lock at one time (conditional delete: %s)',
      { timeout: LIMIT_MS },
      async (conditionalDelete) => {
        const server = await useServer(kind);
        const proxy = await S3Proxy.to(server.endpoint);
        vi.stubEnv('AWS_ENDPOINT_URL', proxy.endpoint);
        vi.stubEnv('AWS_ACCESS_KEY_ID', server.credentials.accessKeyId);
        vi.stubEnv('AWS_SECRET_ACCESS_KEY', server.credentials.secretAccessKey);
        const store = { kind: 's3', bucket: server.bucket, prefix: 'torture/', conditionalDelete } as const;
        try {
          await tortureThroughResets(`${kind.name} (conditional delete: ${conditionalDelete})`, proxy, store);
        } finally {
          await proxy.close();
          await server.dispose();
        }
      },
    );
  });
}
