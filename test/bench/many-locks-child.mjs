// @ts-check
// Arguments: the folder. Needs --expose-gc. Holds many locks and answers what that costs.
import { subscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';

import { Lockfile } from 'vfs-lockfile';

import { bareRenewals } from './bare-renewals.mjs';
import { answer } from './workshop.mjs';

/**
 * @typedef {{ locks: number, ttlMs: number, rounds: number, limitMs: number }} Load how many locks to hold for how many
 *   rounds of renewals; the limit is for the taking and for the holding each
 * @typedef {{ taken: number, takingS: number, announced: number, held: number, released: number, renewals: number, seconds: number,
 *   cpuUs: number, bytesPerLock: number, perBucket: readonly number[], tickP99Ms: number, idleTickP99Ms: number,
 *   idleCpuUsPerS: number, bareCpuUs: number }} Cost `idleCpuUsPerS`: what the ticks take by which the gaps are measured;
 *   `bareCpuUs`: what a renewal asks of the disk
 */

const BUCKET_MS = 100;
const IDLE_MS = 3000;
const BATCH = 20;

const [, , folder = ''] = process.argv;

answer(async (question) => {
  const { locks: wanted, ttlMs, rounds, limitMs } = /** @type {Load} */ (question);
  let idleCpuUsPerS = 0;
  const idleTickP99Ms = await tickP99(async () => {
    const startedCpu = process.cpuUsage();
    const startedMs = performance.now();
    await pause(IDLE_MS);
    const { user, system } = process.cpuUsage(startedCpu);
    idleCpuUsPerS = ((user + system) / (performance.now() - startedMs)) * 1000;
  });
  await releaseAll(await acquireMany('warm', 200, ttlMs, limitMs));
  let announced = 0;
  subscribe('vfs-lockfile:lost', () => {
    announced += 1;
  });
  const emptyBytes = bytesInUse();
  const startedMs = performance.now();
  const locks = await acquireMany('lock', wanted, ttlMs, limitMs);
  const taken = locks.length;
  const takingS = (performance.now() - startedMs) / 1000;
  const bytesPerLock = (bytesInUse() - emptyBytes) / taken;
  /** @type {Awaited<ReturnType<typeof watchRenewals>> | undefined} */
  let watched;
  const tickP99Ms = await tickP99(async () => {
    watched = await watchRenewals(taken * rounds, limitMs);
  });
  const held = locks.filter((lock) => lock.held).length;
  const record = readFileSync(locks[0]?.path ?? '');
  const released = await releaseAll(locks);
  return {
    bareCpuUs: await bareRenewals(folder, record),
    taken,
    takingS,
    announced,
    held,
    released,
    bytesPerLock,
    tickP99Ms,
    idleTickP99Ms,
    idleCpuUsPerS,
    ...watched,
  };
});

/**
 * @param {string} prefix
 * @param {number} count
 * @param {number} ttl
 * @param {number} limitMs
 * @returns {Promise<Lockfile[]>} as many as could be taken in that time
 */
async function acquireMany(prefix, count, ttl, limitMs) {
  const locks = [];
  const endMs = performance.now() + limitMs;
  while (locks.length < count && performance.now() < endMs) {
    const lock = await Lockfile.open(join(folder, `${prefix}-${String(locks.length)}`), { ttl });
    await lock.acquire();
    locks.push(lock);
    // The first locks are renewed while the others are still being taken.
    if (locks.length % BATCH === 0) await turn();
  }
  return locks;
}

/**
 * @param {readonly Lockfile[]} locks
 * @returns {Promise<number>} how many were still ours
 */
async function releaseAll(locks) {
  let ours = 0;
  for (const [place, lock] of locks.entries()) {
    if (await lock.release()) ours += 1;
    if (place % BATCH === 0) await turn();
  }
  return ours;
}

function bytesInUse() {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/**
 * @param {number} enough
 * @param {number} limitMs
 */
async function watchRenewals(enough, limitMs) {
  /** @type {number[]} */
  const buckets = [];
  let renewals = 0;
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  subscribe('vfs-lockfile:renew', () => {
    const bucket = Math.floor((performance.now() - startedMs) / BUCKET_MS);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    renewals += 1;
  });
  while (renewals < enough && performance.now() - startedMs < limitMs) await pause(BUCKET_MS);
  const { user, system } = process.cpuUsage(startedCpu);
  const ms = performance.now() - startedMs;
  const whole = Array.from({ length: Math.floor(ms / BUCKET_MS) }, (_, bucket) => buckets[bucket] ?? 0);
  return { renewals, seconds: ms / 1000, cpuUs: user + system, perBucket: whole };
}

/** @param {() => Promise<unknown>} work */
async function tickP99(work) {
  const ticks = monitorEventLoopDelay({ resolution: 1 });
  ticks.enable();
  await work();
  ticks.disable();
  return ticks.percentile(99) / 1e6;
}
