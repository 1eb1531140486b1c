import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { Lockfile, VfsFile, type LockEvent } from '../../../src/index.js';
import { slowness } from '../../support/slowness.js';
import { Scene } from './scene.js';
import { missing, openSsh } from './servers.js';

const LOCKS = 200;
/** On an idle machine. */
const LEASE_MS = 15_000;
const ROUNDS = 2;

/** The number of parts of a lease in which renewals are counted. */
const PARTS = 30;

const lacking = missing(openSsh);

test.skipIf(lacking !== undefined)(
  `200 locks over one connection are renewed one by one: no burst, none waits for a tenth of its lease${lacking ? `: ${lacking}` : ''}`,
  { timeout: 900_000 },
  async () => {
    const leaseMs = Math.round(LEASE_MS * (await slowness()));
    const scene = await Scene.open(openSsh, {});
    let connections = 0;
    scene.proxy.onConnection = () => (connections += 1);
    const renewals: { readonly atMs: number; readonly durationMs: number }[] = [];
    const note = (message: unknown): void => {
      renewals.push({ atMs: performance.now(), durationMs: (message as LockEvent).durationMs });
    };
    subscribe('vfs-lockfile:renew', note);
    try {
      const names = Array.from({ length: LOCKS }, (_, index) => `lock-${String(index)}`);
      const locks = names.map((name) => new Lockfile(new VfsFile(scene.vfs, name), { ttl: leaseMs }));
      // All at once, which is what tempts them to be renewed all at once.
      await Promise.all(locks.map((lock) => lock.acquire()));
      while (renewals.length < LOCKS * ROUNDS && locks.every((lock) => lock.held)) await sleep(100);
      const slowest = Math.max(...renewals.map(({ durationMs }) => durationMs));
      const perPart = countsOf(
        renewals.map(({ atMs }) => atMs),
        leaseMs / PARTS,
      );
      const mean = perPart.reduce((sum, count) => sum + count, 0) / perPart.length;
      const most = Math.max(...perPart);
      console.log(
        `${String(renewals.length)} renewals, the slowest ${slowest.toFixed(1)} ms; in ${String(leaseMs / PARTS)} ms at most ${String(most)}, ${mean.toFixed(1)} on average`,
      );
      expect(locks.filter((lock) => !lock.held)).toEqual([]);
      expect(slowest).toBeLessThan(leaseMs / 10);
      expect(most).toBeLessThan(mean * 3);
      expect(connections).toBe(0);
      const released = await Promise.all(locks.map((lock) => lock.release()));
      expect(released.filter((ours) => !ours)).toEqual([]);
      expect(scene.listing).toEqual([]);
    } finally {
      unsubscribe('vfs-lockfile:renew', note);
      await scene.close();
    }
  },
);

function countsOf(times: readonly number[], partMs: number): readonly number[] {
  const firstMs = Math.min(...times);
  const counts: number[] = [];
  for (const ms of times) {
    const part = Math.floor((ms - firstMs) / partMs);
    while (counts.length <= part) counts.push(0);
    counts[part] = (counts[part] ?? 0) + 1;
  }
  return counts;
}
