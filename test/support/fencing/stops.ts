import { expect } from 'vitest';

import { Random } from '../../proof/torture/random.mjs';
import { endAll } from '../processes/child.js';
import { slowness } from '../slowness.js';
import { Sleeper, type Bedroom, type Interruption } from './sleeper.js';

/** How many holds are stopped past their lease on a server; in ZOMBIES for a longer run. */
export const STOPS_ON_SERVERS = Number(process.env.ZOMBIES ?? 200);

/** Room for a slow machine. */
export const LIMIT_MS = 300_000 + STOPS_ON_SERVERS * 1000;

/** What a test of these is called. */
export function titleOf(stops: number): string {
  return `nothing that processes write by commit or publish lands after ${String(stops)} stops past the lease, and confirm finds each`;
}

/** What each of the processes is interrupted in. The last one comes on top: its clock is not real. */
const PROCESSES: readonly Interruption[] = ['amid', 'amid', 'between', 'between', 'paused'];
const REAL = PROCESSES.length - 1;

/** Locks that a slow machine loses before the stop are not counted, so a lease need not be as much longer as the machine is slower. */
const LONGEST_FACTOR = 4;

/** The most locks of a process. */
const MOST_LOCKS = 50;

/**
 * Stops processes past their leases until at least `stops` holds were stopped. Meanwhile an heir takes each lock over. When the processes
 * go on, nothing that they write by `commit` or `publish` may replace the work of an heir, and each `confirm` has to find the loss.
 */
export async function stopPastLease(name: string, room: Bedroom, stops: number): Promise<void> {
  const seed = process.env.ZOMBIES_SEED ?? String(Date.now());
  const ttlMs = Math.round(room.ttlMs * Math.min(LONGEST_FACTOR, await slowness()));
  const each = Math.ceil(stops / REAL);
  const locks = Math.min(MOST_LOCKS, each);
  const sinceMs = performance.now();
  const sleepers = PROCESSES.map((how, at) => {
    const folder = `${room.folder}/${how}-${String(at)}`;
    return new Sleeper(room, folder, how, new Random(`${seed}/${String(at)}`), locks, ttlMs);
  });
  const runs = sleepers.map(async (sleeper) => {
    // Where folders come into being with their first file.
    await room.vfs.write(`${sleeper.folder}/first`, Buffer.from(''));
    const enough = sleeper.how === 'paused' ? 1 : each;
    while (sleeper.stops < enough) await sleeper.round();
    await sleeper.end();
  });
  try {
    await Promise.all(runs);
  } finally {
    await endAll();
    await Promise.allSettled(runs);
  }
  const tally = sleepers.map(({ how, stops: holds, landings }) => ({ how, holds, landings }));
  const seconds = Math.round((performance.now() - sinceMs) / 1000);
  console.log(`stopped past the lease on ${name}, ZOMBIES_SEED=${seed}:`, JSON.stringify({ ttlMs, tally, seconds }));
  const real = tally.filter(({ how }) => how !== 'paused').reduce((sum, { holds }) => sum + holds, 0);
  expect(real).toBeGreaterThanOrEqual(stops);
}
