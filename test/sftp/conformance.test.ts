import { mkdtempSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { sftpVfs } from '../../src/backends/sftp.js';
import { conformance, type VfsUnderTest } from '../../src/conformance/index.js';
import { Proxy } from './proxy.js';
import { excluding, missing, openSsh, startServer, type Server } from './servers.js';
import { must } from './process.js';

const ROUNDS = Number(process.env.SFTP_ROUNDS ?? 10);

const trials = [
  ...excluding.map((kind) => ({ kind, latencyMs: 0, rounds: ROUNDS, title: kind.name })),
  { kind: openSsh, latencyMs: 50, rounds: Math.ceil(ROUNDS / 5), title: 'OpenSSH behind 50 ms' },
];

for (const { kind, latencyMs, rounds, title } of trials) {
  const lacking = missing(kind);
  describe.skipIf(lacking !== undefined)(`${title}${lacking ? `: ${lacking}` : ''}`, () => {
    let server: Server;
    let proxy: Proxy;
    let make: () => Promise<VfsUnderTest>;
    let close: () => void = () => {};

    beforeAll(async () => {
      server = await startServer(kind);
      // Three connections: what races over one may be kept in order by the server.
      proxy = await Proxy.to(server.port, latencyMs);
      const { fingerprint, options } = server;
      const [vfs, ...rivals] = [1, 2, 3].map(() => sftpVfs({ ...options, port: proxy.port, hostKey: fingerprint }));
      close = () => [vfs, ...rivals].forEach((each) => each?.close());
      for (const each of [vfs, ...rivals]) await each?.connect();
      make = () => {
        const place = mkdtempSync(join(server.folder, 'case-'));
        if (kind.uid !== undefined) must('chown', String(kind.uid), place);
        const left = () => readdirSync(server.folder).filter((name) => !name.startsWith('case-'));
        return Promise.resolve({
          vfs: vfs!,
          rivals,
          folder: basename(place),
          dispose: async () => {
            await rm(place, { recursive: true });
            expect(left()).toEqual([]);
          },
        });
      };
    });

    afterAll(async () => {
      close();
      await proxy.close();
      await server.dispose();
    });

    for (const { name, run } of conformance(() => make(), { rounds })) {
      test(name, { timeout: 120_000 }, run);
    }
  });
}
