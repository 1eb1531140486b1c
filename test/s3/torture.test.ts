import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, test, vi } from 'vitest';

import { Torture } from '../torture/run.mjs';
import { S3Proxy } from './proxy.js';
import { missing, servers, startServer } from './servers.js';

const ACQUISITIONS = Number(process.env.S3_ACQUISITIONS ?? 200);
/** One connection in so many is reset, before or after the store did what was asked. */
const RESET_SHARE = 1 / 100;

afterEach(() => {
  vi.unstubAllEnvs();
});

for (const kind of servers) {
  const lacking = missing(kind);
  describe.skipIf(lacking !== undefined)(`torture on ${kind.name}${lacking ? `: ${lacking}` : ''}`, () => {
    const ways = kind.removes ? (['none', 'native'] as const) : (['none'] as const);
    test.each(ways)(
      'eight processes, killed, stopped and reset at random, never hold one lock at one time (conditional delete: %s)',
      { timeout: 1_800_000 },
      async (way) => {
        const folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-torture-'));
        const server = await startServer(kind);
        const proxy = await S3Proxy.to(server.endpoint);
        proxy.fault = () => {
          proxy.seen.length = 0;
          if (Math.random() > RESET_SHARE) return undefined;
          return async ({ forward, cut }) => {
            if (Math.random() < 0.5) await forward();
            cut();
          };
        };
        vi.stubEnv('AWS_ENDPOINT_URL', proxy.endpoint);
        vi.stubEnv('AWS_ACCESS_KEY_ID', server.credentials.accessKeyId);
        vi.stubEnv('AWS_SECRET_ACCESS_KEY', server.credentials.secretAccessKey);
        const seed = process.env.TORTURE_SEED ?? String(Date.now());
        const enough = { acquisitions: ACQUISITIONS, kills: ACQUISITIONS / 100, stopsPastLease: ACQUISITIONS / 100 };
        const { bucket } = server;
        const store = { kind: 's3', bucket, prefix: 'torture/', conditionalDelete: way } as const;
        const plan = { folder, seed, processes: 8, files: 6, hardLinks: true, enough, storeOf: () => store };
        try {
          const verdict = await new Torture({ ...plan, limitMs: 200_000 + ACQUISITIONS * 100 }).run();
          const { violations, steals, ...figures } = verdict;
          console.log(`torture on ${kind.name}, seed ${seed}:`, JSON.stringify({ ...figures, ...steals }));
          expect(violations).toEqual([]);
          expect(verdict.overlaps).toBe(0);
          expect(verdict.acquisitions).toBeGreaterThanOrEqual(enough.acquisitions);
          expect(verdict.killedHolders).toBeGreaterThan(0);
          expect(verdict.stopsPastLease).toBeGreaterThanOrEqual(enough.stopsPastLease);
          rmSync(folder, { recursive: true });
        } finally {
          await proxy.close();
          await server.dispose();
        }
      },
    );
  });
}
