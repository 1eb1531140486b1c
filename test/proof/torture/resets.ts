import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'vitest';

import { expectAllowed } from '../../support/histories/judges.js';
import type { S3Proxy } from '../../support/http-proxy.js';
import { Random } from './random.mjs';
import { IN_CLOUD, shortfalls, Torture } from './run.mjs';
import type { Store } from './store.mjs';

/** One request in that many is cut off, before or after the store carried it out. */
const RESET_SHARE = 1 / 100;

/** Acquisitions of each run; 8000 take minutes. */
export const ACQUISITIONS = Number(process.env.TORTURE_ACQUISITIONS ?? 200);

/** Room for a slow machine. */
export const LIMIT_MS = 600_000 + ACQUISITIONS * 200;

/** Eight processes that are killed and stopped at random, and reach the store through a proxy that cuts them off at random. */
export async function tortureThroughResets(name: string, proxy: S3Proxy, store: Store): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-torture-'));
  const seed = process.env.TORTURE_SEED ?? String(Date.now());
  const random = new Random(`${seed}/resets`);
  let [requests, resets] = [0, 0];
  proxy.fault = () => {
    proxy.seen.length = 0;
    requests += 1;
    if (!random.chance(RESET_SHARE)) return undefined;
    resets += 1;
    const lands = random.chance(0.5);
    return async ({ forward, cut }) => {
      if (lands) await forward();
      cut();
    };
  };
  // Few enough to be quick, yet enough that almost always at least one hits a holder.
  const enough = {
    acquisitions: ACQUISITIONS,
    kills: Math.max(10, ACQUISITIONS / 100),
    stopsPastLease: Math.max(4, ACQUISITIONS / 100),
  };
  const calm = (): void => void (proxy.fault = undefined);
  const plan = { calm, folder, seed, processes: 8, files: 6, hardLinks: true, enough, limitMs: LIMIT_MS - 60_000 };
  const sinceMs = performance.now();
  const torture = new Torture({ ...plan, afar: true, pace: IN_CLOUD, storeOf: () => store });
  const verdict = await torture.run();
  const { violations, steals, ...figures } = verdict;
  const seconds = Math.round((performance.now() - sinceMs) / 1000);
  console.log(
    `torture on ${name}, seed ${seed}:`,
    JSON.stringify({ ...figures, ...steals, requests, resets, seconds }),
  );
  expect(violations).toEqual([]);
  expect(verdict.overlaps).toBe(0);
  expect(shortfalls(verdict, enough)).toEqual([]);
  expect(resets).toBeGreaterThan(0);
  // A client repeats a request whose connection was cut, and may lose to itself.
  expectAllowed(torture.history, { repeats: true });
  rmSync(folder, { recursive: true });
}
