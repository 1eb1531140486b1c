import { randomInt } from 'node:crypto';

import { afterEach, expect, it, vi } from 'vitest';

import { Lockfile, VfsFile, type Version, type Vfs } from '../../../src/index.js';
import { sweep } from '../../../src/admin/index.js';
import { sleep } from '../../../src/util/sleep.js';
import { FILE, Lab, pass, useFakeTime } from '../protocol/lab.js';
import { SlowVfs } from '../stores/slow-vfs.js';
import { WrappedVfs } from '../stores/wrapped-vfs.js';

const RUN_MS = 15_000;
const TTL_MS = 300;

/** D. Lemire's and others' `mulberry32`: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Tale {
  readonly violations: string[];
  removed: number;
  held: number;
}

/** Some who take a lock, renew it, give it back or die, and some who sweep, for a while. */
async function play(seed: number, change: (vfs: Vfs) => Vfs): Promise<Tale> {
  const random = randomOf(seed);
  vi.spyOn(Math, 'random').mockImplementation(random);
  const lab = new Lab();
  const tale: Tale = { violations: [], removed: 0, held: 0 };
  const holders = new Set<Lockfile>();
  let over = false;
  // Mostly prompt, and now and then so slow that anything can happen in between.
  const delayMs = (): number => (random() < 0.1 ? random() * 2 * TTL_MS : random() * 5);
  const store = (): Vfs => new SlowVfs(lab.machine(), delayMs);

  const holder = async (name: string): Promise<void> => {
    const vfs = store();
    while (!over) {
      const dies = random() < 0.3;
      const lock = new Lockfile(new VfsFile(vfs, FILE), { ttl: TTL_MS, ownerId: name, renew: !dies });
      if (await lock.tryAcquire()) {
        tale.held += 1;
        for (const other of holders) if (other.held && lock.held) tale.violations.push(`${name} joins another holder`);
        holders.add(lock);
        await sleep(random() * 3 * TTL_MS);
        // A holder whose lease is over by its own clock knows it as 'expired'; anything else was done to it too early.
        const reason = lock.loss?.reason ?? 'none';
        if (!['none', 'expired'].includes(reason)) tale.violations.push(`the lock of ${name} was ${reason}`);
        holders.delete(lock);
        if (!dies) await lock.release();
      }
      await sleep(random() * TTL_MS);
    }
  };
  const sweeper = async (): Promise<void> => {
    const vfs = change(store());
    while (!over) {
      tale.removed += (await sweep({ vfs, path: '' })).removed;
      await sleep(random() * TTL_MS);
    }
  };
  const parties = Promise.all([...['a', 'b', 'c'].map(holder), sweeper(), sweeper(), sweeper()]);
  await pass(RUN_MS);
  over = true;
  while (!(await Promise.race([parties.then(() => true), pass(TTL_MS).then(() => false)])));
  return tale;
}

/** Removes by name what it finds, as a sweep by `find -mmin +5 -delete` does. */
class BlindVfs extends WrappedVfs {
  override async remove(path: string, _version: Version): Promise<boolean> {
    const present = await super.read(path);
    return present !== undefined && (await super.remove(path, present.version));
  }
}

export interface SweepRaces {
  /** How many random plays must show no violation. */
  readonly plays: number;
  /** In how many plays, from the seed 1, a sweep that removes by name has to be caught. */
  readonly blindPlays: number;
}

export function sweepRacesSuite({ plays, blindPlays }: SweepRaces): void {
  useFakeTime();
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('a sweep that races with renewals, releases and takeovers takes no live lock from anybody', async () => {
    const first = randomInt(2 ** 31);
    const seeds = Array.from({ length: plays }, (_, index) => first + index);
    let [removed, held] = [0, 0];
    for (const seed of seeds) {
      const tale = await play(seed, (vfs) => vfs);
      expect(tale.violations, `seed ${seed}`).toEqual([]);
      removed += tale.removed;
      held += tale.held;
    }
    console.log(`seeds ${first} to ${first + seeds.length - 1}: ${held} locks held, ${removed} swept`);
    expect(removed).toBeGreaterThan(seeds.length);
    expect(held).toBeGreaterThan(removed);
  });

  it('a sweep that removes whatever it finds would be caught at it', async () => {
    const violations: string[] = [];
    for (let seed = 1; seed <= blindPlays; seed += 1)
      violations.push(...(await play(seed, (vfs) => new BlindVfs(vfs))).violations);
    console.log(`caught ${violations.length} times`);
    expect(violations.length).toBeGreaterThan(0);
  });
}
