import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, test } from 'vitest';

import { gcsVfs } from '../../../src/backends/gcs/index.js';
import { conformance, type VfsUnderTest } from '../../../src/conformance/index.js';
import { missing, servers, type GcsServer } from './servers.js';
import { useServer } from './use-server.js';

const ROUNDS = Number(process.env.GCS_ROUNDS ?? 10);

for (const kind of servers) {
  const conditionalDelete = kind.removes ? 'native' : 'none';
  const lacking = missing(kind);
  describe.skipIf(lacking !== undefined)(`${kind.name}${lacking ? `: ${lacking}` : ''}`, () => {
    let server: GcsServer;
    let make: () => Promise<VfsUnderTest>;
    beforeAll(async () => {
      server = await useServer(kind);
      const { bucket } = server;
      const [vfs, ...rivals] = [1, 2, 3].map(() => gcsVfs({ bucket, client: server.client(), conditionalDelete }));
      make = () =>
        Promise.resolve({ vfs: vfs!, rivals, folder: `case-${randomUUID()}`, dispose: () => Promise.resolve() });
    });
    afterAll(() => server.dispose());

    for (const { name, run } of conformance(() => make(), { rounds: ROUNDS })) {
      test(name, { timeout: 900_000 }, run);
    }
  });
}
