// @ts-check
// Arguments: whose lock, and the file. Takes the lock and gives it back for as long as it is told, and answers what that cost.
import { setTimeout as pause } from 'node:timers/promises';

import { loadWaiting } from './hand-over-locks.mjs';
import { answer } from './workshop.mjs';

/**
 * @typedef {{ untilNs: string, heldMs: number, awayMs: number }} Load until when, on CLOCK_MONOTONIC, how long to hold the lock each
 *   time, and how long to do without it afterwards, on average
 * @typedef {{ waitsMs: readonly number[], cpuUs: number }} Cost one wait for each acquisition
 */

const [, , library = '', file = ''] = process.argv;
const lock = await loadWaiting(library, file);

answer(async (question) => {
  const { untilNs, heldMs, awayMs } = /** @type {Load} */ (question);
  const end = BigInt(untilNs);
  const waitsMs = [];
  const startedCpu = process.cpuUsage();
  while (process.hrtime.bigint() < end) {
    const startedMs = performance.now();
    await lock.acquire();
    waitsMs.push(performance.now() - startedMs);
    await pause(heldMs);
    await lock.release();
    if (awayMs > 0) await pause(awayMs * (0.5 + Math.random()));
  }
  const { user, system } = process.cpuUsage(startedCpu);
  return { waitsMs, cpuUs: user + system };
});
