// @ts-check
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { median, quantile, shown, table } from './figures.mjs';

/**
 * @typedef {import('./machine.mjs').Machine} Machine
 * @typedef {import('./workshop.mjs').Workshop} Workshop
 * @typedef {import('./workshop.mjs').Helper} Helper
 */

const WARM = 5;
const HELD_MS = { least: 10, most: 40 };

/** How often each, as the last one takes seconds. */
const ROWS = [
  { library: 'ours', title: 'vfs-lockfile', times: 200 },
  {
    library: 'proper, every 10 ms',
    title: 'proper-lockfile, `retries: { forever: true, factor: 1, minTimeout: 10 }`',
    times: 200,
  },
  {
    library: 'proper, 10 retries',
    title: 'proper-lockfile, `retries: 10` (its default waits: 1 s, 2 s, 4 s, ...)',
    times: 8,
  },
];

/**
 * @param {Workshop} workshop
 * @param {Machine} machine
 */
export async function handOver(workshop, { disk }) {
  const folder = workshop.makeFolder(disk.path);
  const rows = [];
  for (const { library, title, times } of ROWS) {
    const file = join(folder, library.replaceAll(/\W+/g, '-'));
    writeFileSync(file, '');
    const pair = [1, 2].map(() => workshop.start('hand-over-child.mjs', [library, file]));
    const taken = await pingPong(/** @type {[Helper, Helper]} */ (pair), times);
    await Promise.all(pair.map((helper) => helper.end()));
    rows.push([title, String(times), ...[median(taken), quantile(taken, 0.95), Math.max(...taken)].map(shown)]);
  }
  const intro =
    `Two processes on ${disk.fileSystem}: from just before \`release()\` in the one to just after \`acquire()\` came back in the ` +
    `other, which had been waiting for ${String(HELD_MS.least)} to ${String(HELD_MS.most)} ms. Aim: median of ours ≤ 5 ms.`;
  return `### From one process to the next\n\n${intro}\n\n${table(['', 'times', 'median, ms', 'p95, ms', 'max, ms'], rows)}`;
}

/**
 * @param {[Helper, Helper]} pair
 * @param {number} times
 * @returns {Promise<number[]>} milliseconds of each
 */
async function pingPong([one, other], times) {
  let [holder, waiter] = [one, other];
  const warm = times > WARM * 10 ? WARM : 0;
  const taken = [];
  await holder.ask('acquire');
  for (let turn = 0; turn < warm + times; turn += 1) {
    const acquired = waiter.ask('acquire');
    await pause(HELD_MS.least + Math.random() * (HELD_MS.most - HELD_MS.least));
    const releasedAt = BigInt(String(await holder.ask('release')));
    const ns = BigInt(String(await acquired)) - releasedAt;
    if (ns <= 0n) throw new Error('the waiter had the lock before its holder gave it back');
    if (turn >= warm) taken.push(Number(ns) / 1e6);
    [holder, waiter] = [waiter, holder];
  }
  await holder.ask('release');
  return taken;
}
