import { afterEach, describe, expect, test, vi } from 'vitest';

import { areThere } from '../../support/needs.js';
import { torture } from '../../support/serve/torture/torture.js';
import { PYTHON, PYTHON_CLIENT_FILES } from '../http/python-clients.js';
import { missing, servers } from './servers.js';
import { useServer } from './use-server.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

for (const kind of servers) {
  const lacking = missing(kind);
  describe.skipIf(lacking !== undefined)(`the lock service on ${kind.name}${lacking ? `: ${lacking}` : ''}`, () => {
    test(
      'curl, foolock in a shell, justalock-client and our own workers never hold one lock at one time, while instances are killed',
      { timeout: 900_000 },
      async () => {
        const server = await useServer(kind);
        vi.stubEnv('AWS_ENDPOINT_URL', server.endpoint);
        vi.stubEnv('AWS_ACCESS_KEY_ID', server.credentials.accessKeyId);
        vi.stubEnv('AWS_SECRET_ACCESS_KEY', server.credentials.secretAccessKey);
        vi.stubEnv('NODE_NO_WARNINGS', '1');
        const python = areThere(PYTHON_CLIENT_FILES) ? PYTHON : undefined;
        try {
          const least = { curl: 10, foolock: 10, worker: 10, ...(python && { justalock: 2 }) };
          const size = { least, stays: 100, kills: 6, python };
          const { overlaps, ...verdict } = await torture(`s3://${server.bucket}/serve`, size);
          console.log(`torture over HTTP on ${kind.name}:`, JSON.stringify(verdict));
          expect(overlaps).toEqual([]);
          expect(verdict.takeOvers).toBeGreaterThan(0);
        } finally {
          await server.dispose();
        }
      },
    );
  });
}
