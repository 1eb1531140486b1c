import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, test } from 'vitest';

import { gcsVfs } from '../../src/backends/gcs.js';
import { conformance, type VfsUnderTest } from '../../src/conformance/index.js';
import { missing, servers, startServer, type GcsServer } from './servers.js';

const ROUNDS = Number(process.env.GCS_ROUNDS ?? 10);

for (const kind of servers) {
  const conditionalDelete = kind.removes ? 'native' : 'none';
  const lacking = missing(kind);
  describe.skipIf(lacking !== undefined)(`${kind.name}${lacking ? `: ${lacking}` : ''}`, () => {
    let server: GcsServer;
    let make: () => Promise<VfsUnderTest>;
    beforeAll(async () => {
      server = await startServer(kind);
      const { bucket } = server;
      const [vfs, ...rivals] = [1, 2, 3].map(() => gcsVfs({ bucket, client: server.client(), conditionalDelete }));
      make = () =>
        Promise.resolve({ vfs: vfs!, rivals, folder: `case-${randomUUID()}`, dispose: () => Promise.resolve() });
    });
    afterAll(() => server.dispose());

    for (const { name, run } of conformance(() => make(), { rounds: ROUNDS })) {
      test(name, { timeout: 120_000 }, run);
    }
  });
}

const own = process.env.VFS_LOCKFILE_TEST_GCS;

describe.skipIf(own === undefined)(`${own ?? 'a real bucket'}: needs its name in VFS_LOCKFILE_TEST_GCS`, () => {
  const make = async (): Promise<VfsUnderTest> => {
    const { bucket, prefix } = /^gs:\/\/(?<bucket>[^/]+)\/?(?<prefix>.*)$/.exec(own ?? '')?.groups ?? {};
    const folder = `case-${randomUUID()}`;
    const doors = [1, 2, 3].map(() => gcsVfs({ bucket: bucket ?? '', prefix: prefix ? `${prefix}/` : '' }));
    const dispose = async (): Promise<void> => {
      for await (const { path } of doors[0]!.list(folder, { recursive: true })) await doors[0]!.delete(path);
    };
    return Promise.resolve({ vfs: doors[0]!, rivals: doors.slice(1), folder, dispose });
  };
  for (const { name, run } of conformance(make, { rounds: ROUNDS })) test(name, { timeout: 300_000 }, run);
});
