import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { shortfalls, Torture } from '../../proof/torture/run.mjs';
import { expectAllowed } from '../../support/histories/judges.js';
import { Proxy } from './proxy.js';
import { missing, openSsh } from './servers.js';
import { useServer } from './use-server.js';

const lacking = missing(openSsh);

/** So many of all reach the files over SFTP, the others over the disk. */
const [PROCESSES, REMOTE] = [8, 6];
const ACQUISITIONS = Number(process.env.TORTURE_ACQUISITIONS ?? 1000);

test.skipIf(lacking !== undefined)(
  `six processes over SFTP and two on the disk, killed, stopped and cut off at random, never hold one lock at one time${lacking ? `: ${lacking}` : ''}`,
  { timeout: 900_000 },
  async () => {
    const seed = process.env.TORTURE_SEED ?? String(Date.now());
    const server = await useServer(openSsh);
    const proxy = await Proxy.to(server.port);
    let cuts = 0;
    try {
      const { privateKey: _, knownHosts: __, ...options } = server.options;
      const sftp = { ...options, port: proxy.port, hostKey: server.fingerprint, keepalive: '300ms', timeout: '2s' };
      const enough = { acquisitions: ACQUISITIONS, kills: ACQUISITIONS / 80, stopsPastLease: ACQUISITIONS / 80 };
      const torture = new Torture({
        ...{ folder: mkdtempSync(join(server.folder, 'torture-')), seed, processes: PROCESSES, files: 6 },
        ...{ hardLinks: true, enough, limitMs: 600_000 },
        storeOf: (place, root) =>
          place < REMOTE
            ? { kind: 'sftp', root, sftp, keyFile: server.keys.userKeyFile }
            : { kind: 'local', root, hardLinks: true },
        disturb: (random) => {
          proxy.cut((pairs) => (pairs.length > 0 ? [random.pick(pairs)] : []));
          cuts += 1;
        },
      });
      const { violations, steals, ...figures } = await torture.run();
      console.log(`torture over SFTP, seed ${seed}:`, JSON.stringify({ ...figures, ...steals, cuts }));
      expect(violations, violations.join('; ')).toEqual([]);
      expect(figures.overlaps).toBe(0);
      expect(shortfalls({ ...figures, steals, violations }, enough)).toEqual([]);
      expect(cuts).toBeGreaterThan(10);
      expectAllowed(torture.history, { repeats: false });
    } finally {
      await proxy.close();
      await server.dispose();
    }
  },
);
