import { mkdtempSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { sftpVfs } from '../../../src/backends/sftp/index.js';
import { conformance, type VfsUnderTest } from '../../../src/conformance/index.js';
import { must } from '../../support/process.js';
import { Proxy } from './proxy.js';
import { missing, type ServerUse, type ServerKind } from './servers.js';
import { useServer } from './use-server.js';

const ROUNDS = Number(process.env.SFTP_ROUNDS ?? 10);

/** Runs the conformance suite over a server. Cases that wait for latency most of the time run side by side. */
export function conforming(kind: ServerKind, latencyMs = 0): void {
  const lacking = missing(kind);
  const title = latencyMs > 0 ? `${kind.name} behind ${String(latencyMs)} ms` : kind.name;
  const rounds = latencyMs > 0 ? Math.ceil(ROUNDS / 5) : ROUNDS;
  describe.skipIf(lacking !== undefined)(`${title}${lacking ? `: ${lacking}` : ''}`, () => {
    let server: ServerUse;
    let proxy: Proxy;
    let make: () => Promise<VfsUnderTest>;
    let close: () => void = () => {};

    beforeAll(async () => {
      server = await useServer(kind);
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

    const each = latencyMs > 0 ? test.concurrent : test;
    for (const { name, run } of conformance(() => make(), { rounds })) each(name, { timeout: 900_000 }, run);
  });
}
