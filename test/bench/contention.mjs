// @ts-check
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { quantile, shown, table } from './figures.mjs';

/**
 * @typedef {import('./machine.mjs').Machine} Machine
 * @typedef {import('./workshop.mjs').Workshop} Workshop
 * @typedef {import('./workshop.mjs').Helper} Helper
 * @typedef {import('./contention-child.mjs').Cost} Cost
 * @typedef {{ perSecond: number, cpuUs: number, meanMs: number, p95Ms: number, longestMs: number }} Figures
 */

const PROCESSES = [2, 4, 8, 16];
const ROUNDS = 3;
const ROUND_MS = 1500;
/**
 * Before the first round, without being measured: code that runs for the first time takes as long as many hand-overs, and sixteen
 * processes come to run it once in a second only.
 */
const WARM_MS = 1500;
const HELD_MS = 1;
/** The second is what most programs do: something else between two locks. */
const WORKLOADS = [
  { title: 'that want it again at once', awayMs: 0 },
  { title: 'that do something else for 5 to 15 ms before they want it again', awayMs: 10 },
];
const AHEAD_NS = 50_000_000n;
const LIBRARIES = { ours: 'ours', proper: 'proper, every 10 ms' };

/**
 * @param {Workshop} workshop
 * @param {Machine} machine
 */
export async function contention(workshop, { disk }) {
  const folder = workshop.makeFolder(disk.path);
  const intro =
    `Processes that all want one lock on ${disk.fileSystem}, and hold it for ${String(HELD_MS)} ms each; ` +
    `${String(ROUNDS)} rounds of ${shown(ROUND_MS / 1000)} s each, in turn, after one of ${shown(WARM_MS / 1000)} s that does ` +
    'not count. proper-lockfile asks again every 10 ms. Aims: ' +
    'acquisitions a second ≥ 1.5 of theirs, CPU time of all processes for each ≤ theirs, longest wait ≤ 5 means.';
  const parts = [`### Many processes, one lock\n\n${intro}`];
  for (const { title, awayMs } of WORKLOADS) parts.push(`Processes ${title}:`, await tableOf(workshop, folder, awayMs));
  return parts.join('\n\n');
}

/**
 * @param {Workshop} workshop
 * @param {string} folder
 * @param {number} awayMs
 */
async function tableOf(workshop, folder, awayMs) {
  const rows = [];
  for (const processes of PROCESSES) {
    const [ours, proper] = await compete(workshop, folder, processes, awayMs);
    rows.push(row(String(processes), 'vfs-lockfile', ours), row('', 'proper-lockfile', proper));
    const ratios = [ours.perSecond / proper.perSecond, ours.cpuUs / proper.cpuUs];
    rows.push(['', 'ratio', ...ratios.map((ratio) => ratio.toFixed(2)), '', '', '', '']);
  }
  const head = [
    'processes',
    '',
    'acquisitions/s',
    'CPU, µs each',
    'mean wait, ms',
    'p95, ms',
    'longest, ms',
    'longest / mean',
  ];
  return table(head, rows);
}

/**
 * @param {Workshop} workshop
 * @param {string} folder
 * @param {number} processes
 * @param {number} awayMs
 * @returns {Promise<[Figures, Figures]>} ours and theirs
 */
async function compete(workshop, folder, processes, awayMs) {
  const [ours, proper] = [LIBRARIES.ours, LIBRARIES.proper].map((library) => {
    const file = join(folder, `${library.replaceAll(/\W+/g, '-')}-${String(processes)}-${String(awayMs)}`);
    writeFileSync(file, '');
    return Array.from({ length: processes }, () => workshop.start('contention-child.mjs', [library, file]));
  });
  /** @type {[Cost[], Cost[]]} */
  const costs = [[], []];
  for (const crowd of [ours, proper]) await runRound(crowd ?? [], WARM_MS, awayMs);
  for (let round = 0; round < ROUNDS; round += 1) {
    costs[0].push(...(await runRound(ours ?? [], ROUND_MS, awayMs)));
    costs[1].push(...(await runRound(proper ?? [], ROUND_MS, awayMs)));
  }
  await Promise.all([...(ours ?? []), ...(proper ?? [])].map((helper) => helper.end()));
  return [figures(costs[0]), figures(costs[1])];
}

/**
 * @param {readonly Helper[]} crowd
 * @param {number} ms
 * @param {number} awayMs
 * @returns {Promise<Cost[]>}
 */
async function runRound(crowd, ms, awayMs) {
  const untilNs = String(process.hrtime.bigint() + AHEAD_NS + BigInt(ms) * 1_000_000n);
  const costs = await Promise.all(crowd.map((helper) => helper.ask({ untilNs, heldMs: HELD_MS, awayMs })));
  return /** @type {Cost[]} */ (costs);
}

/**
 * @param {readonly Cost[]} costs
 * @returns {Figures}
 */
function figures(costs) {
  const waits = costs.flatMap(({ waitsMs }) => waitsMs);
  const cpuUs = costs.reduce((sum, cost) => sum + cost.cpuUs, 0) / waits.length;
  const meanMs = waits.reduce((sum, wait) => sum + wait, 0) / waits.length;
  const perSecond = waits.length / ((ROUNDS * ROUND_MS) / 1000);
  return { perSecond, cpuUs, meanMs, p95Ms: quantile(waits, 0.95), longestMs: Math.max(...waits) };
}

/**
 * @param {string} processes
 * @param {string} library
 * @param {Figures} of
 */
function row(processes, library, { perSecond, cpuUs, meanMs, p95Ms, longestMs }) {
  const cells = [perSecond, cpuUs, meanMs, p95Ms, longestMs, longestMs / meanMs];
  return [processes, library, ...cells.map(shown)];
}
