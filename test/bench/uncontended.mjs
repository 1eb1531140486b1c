// @ts-check
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { asynchronous, synchronous } from './contenders.mjs';
import { median, shown, spread, table } from './figures.mjs';

/**
 * @typedef {import('./machine.mjs').Machine} Machine
 * @typedef {import('./machine.mjs').Disk} Disk
 * @typedef {import('./workshop.mjs').Workshop} Workshop
 * @typedef {import('./workshop.mjs').Helper} Helper
 * @typedef {import('./cycles.mjs').Mode} Mode
 * @typedef {import('./uncontended-child.mjs').Cost} Cost
 * @typedef {Map<string, Cost[]>} Costs of a cycle in each round, by contender, ours first
 */

const ROUNDS = 40;
const WARM_ROUNDS = 20;
const ROUND_MS = 25;

/**
 * @param {Workshop} workshop
 * @param {Machine} machine
 */
export async function uncontended(workshop, { disk, memory }) {
  const disks = memory ? [disk, memory] : [disk];
  const intro =
    `Medians of ${String(ROUNDS)} rounds; in each round every contender has ${String(ROUND_MS)} ms, one after the other, ` +
    'each in a process of its own, and its median time counts. The ratio is our time over theirs: the median of the ratios of ' +
    'the rounds, and their range. CPU is that of all threads, in the kernel too. All start from a path; the others run with ' +
    'their defaults.';
  return [
    `### Lock and unlock, nobody else there\n\n${intro}`,
    await compare(workshop, 'async', disks),
    await compare(workshop, 'sync', disks),
  ].join('\n\n');
}

/**
 * @param {Workshop} workshop
 * @param {Mode} mode
 * @param {readonly Disk[]} disks
 */
async function compare(workshop, mode, disks) {
  const contenders = Object.entries(mode === 'async' ? asynchronous : synchronous);
  const helpers = new Map(contenders.map(([name]) => [name, workshop.start('uncontended-child.mjs', [mode, name])]));
  /** @type {Costs[]} */
  const costs = [];
  for (const disk of disks) costs.push(await measure(helpers, workshop.makeFolder(disk.path)));
  await Promise.all([...helpers.values()].map((helper) => helper.end()));
  const heads = disks.flatMap(({ fileSystem }) => [`${fileSystem}, µs`, `ours / theirs`, 'CPU, µs']);
  return table(
    [mode === 'async' ? 'Asynchronous' : 'Synchronous', ...heads, 'aim'],
    contenders.map(([name, { title, aim }]) => [title, ...costs.flatMap((ofDisk) => cells(ofDisk, name)), aim ?? '']),
  );
}

/**
 * @param {ReadonlyMap<string, Helper>} helpers
 * @param {string} folder
 * @returns {Promise<Costs>}
 */
async function measure(helpers, folder) {
  /** @type {Costs} */
  const costs = new Map([...helpers.keys()].map((name) => [name, []]));
  for (const name of helpers.keys()) writeFileSync(join(folder, name), '');
  for (let round = -WARM_ROUNDS; round < ROUNDS; round += 1) {
    for (const [name, helper] of helpers) {
      const cost = /** @type {Cost} */ (await helper.ask({ file: join(folder, name), ms: ROUND_MS }));
      if (round >= 0) costs.get(name)?.push(cost);
    }
  }
  return costs;
}

/**
 * @param {Costs} costs
 * @param {string} name
 */
function cells(costs, name) {
  const [ours = []] = costs.values();
  const theirs = costs.get(name) ?? [];
  const ratios = ours.map(({ us }, round) => us / (theirs[round]?.us ?? NaN));
  const ratio = theirs === ours ? '' : spread(ratios);
  return [shown(median(theirs.map(({ us }) => us))), ratio, shown(median(theirs.map(({ cpuUs }) => cpuUs)))];
}
