import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test } from 'vitest';

import { Lockfile, VfsFile, type Vfs } from '../../../src/index.js';

const LOCKS = 1000;
const AT_ONCE = 50;
const RENEWALS = 2;

/** One process with many locks in the bucket of `vfs`. */
export function manyLocksSuite(vfs: () => Vfs): void {
  test(`one process holds ${String(LOCKS)} locks, and renews them all in time`, { timeout: 900_000 }, async () => {
    const ttl = await ttlFor(vfs());
    const locks = Array.from(
      { length: LOCKS },
      (_, at) => new Lockfile(new VfsFile(vfs(), `many/${String(at)}`), { ttl }),
    );
    for (let at = 0; at < LOCKS; at += AT_ONCE) {
      await Promise.all(locks.slice(at, at + AT_ONCE).map((lock) => lock.acquire()));
    }
    const renewals = (): number => locks.reduce((sum, lock) => sum + (lock.record?.renewals ?? 0), 0);
    const [before, cpu] = [renewals(), process.cpuUsage()];
    while (locks.some((lock) => lock.held && (lock.record?.renewals ?? 0) < RENEWALS)) await sleep(200);
    const { user, system } = process.cpuUsage(cpu);
    const each = (user + system) / 1000 / (renewals() - before);
    console.log(`${String(renewals() - before)} renewals, ${each.toFixed(2)} ms of CPU each`);
    expect(locks.flatMap(({ loss }) => (loss ? [`${String(loss)} ${String(loss.cause)}`] : [])).slice(0, 5)).toEqual(
      [],
    );
    expect(locks.every((lock) => lock.held)).toBe(true);
    for (let at = 0; at < LOCKS; at += AT_ONCE) {
      const released = await Promise.all(locks.slice(at, at + AT_ONCE).map((lock) => lock.release()));
      expect(released.every(Boolean)).toBe(true);
    }
  });
}

/** A lease in which this machine, as busy as it is now, can renew all locks several times. */
async function ttlFor(vfs: Vfs): Promise<number> {
  const samples = Array.from(
    { length: AT_ONCE },
    (_, at) => new Lockfile(new VfsFile(vfs, `many/sample-${String(at)}`)),
  );
  const startedMs = performance.now();
  await Promise.all(samples.map((lock) => lock.acquire()));
  const eachMs = (performance.now() - startedMs) / AT_ONCE;
  await Promise.all(samples.map((lock) => lock.release()));
  return Math.round(Math.max(20_000, 5 * LOCKS * eachMs));
}
