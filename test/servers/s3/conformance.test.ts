import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, test } from 'vitest';

import { s3Vfs } from '../../../src/backends/s3/index.js';
import { conformance, type VfsUnderTest } from '../../../src/conformance/index.js';
import { missing, servers, versionedBucket, type S3Server } from './servers.js';
import { useServer } from './use-server.js';

const ROUNDS = Number(process.env.S3_ROUNDS ?? 10);

for (const kind of servers) {
  const lacking = missing(kind);
  const buckets = kind.versions ? (['plain', 'versioned'] as const) : (['plain'] as const);
  const ways = [
    ...buckets.map((bucket) => ['none', bucket] as const),
    ...(kind.removes ? ([['native', 'plain']] as const) : []),
  ];
  describe.skipIf(lacking !== undefined)(`${kind.name}${lacking ? `: ${lacking}` : ''}`, () => {
    let server: S3Server;
    beforeAll(async () => {
      server = await useServer(kind);
    });
    afterAll(() => server.dispose());

    describe.each(ways)('conditional delete: %s, bucket: %s', (conditionalDelete, which) => {
      let make: () => Promise<VfsUnderTest>;
      let close: () => void = () => {};
      beforeAll(async () => {
        const bucket = which === 'plain' ? server.bucket : await versionedBucket(server);
        const clients = [1, 2, 3].map(() => server.client());
        close = () => clients.forEach((client) => client.destroy());
        const [vfs, ...rivals] = clients.map((client) => s3Vfs({ bucket, client, conditionalDelete }));
        make = () =>
          Promise.resolve({ vfs: vfs!, rivals, folder: `case-${randomUUID()}`, dispose: () => Promise.resolve() });
      });
      afterAll(() => close());

      for (const { name, run } of conformance(() => make(), { rounds: which === 'plain' ? ROUNDS : ROUNDS / 2 })) {
        const why = kind.fails[name];
        if (why === undefined) test(name, { timeout: 900_000 }, run);
        else test.fails(`${name} (not on ${kind.name}, which ${why})`, run);
      }
    });
  });
}
