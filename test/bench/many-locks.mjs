// @ts-check
import { quantile, shown, table } from './figures.mjs';

/**
 * @typedef {import('./machine.mjs').Machine} Machine
 * @typedef {import('./workshop.mjs').Workshop} Workshop
 * @typedef {import('./many-locks-child.mjs').Cost} Cost
 */

const LOCKS = 10_000;
const TTL_MS = 30_000;
const ROUNDS = 3;
const LIMIT_MS = 60_000;
const ANSWER_LIMIT_MS = 4 * LIMIT_MS;

/**
 * @param {Workshop} workshop
 * @param {Machine} machine
 */
export async function manyLocks(workshop, { disk, memory }) {
  const disks = memory ? [disk, memory] : [disk];
  /** @type {[string, string][][]} */
  const columns = [];
  for (const { path } of disks) columns.push(rows(await measure(workshop, workshop.makeFolder(path))));
  const [first = []] = columns;
  const lines = first.map(([name], line) => [name, ...columns.map((column) => column[line]?.[1] ?? '')]);
  const intro =
    `One process, one folder, \`ttl: ${String(TTL_MS)}\`; watched from when all were held until each had been renewed ` +
    `${String(ROUNDS)} times on average. CPU is that of all threads, less what the ticks of 1 ms alone take. Aim: at most 200 µs ` +
    'a renewal. A bare renewal makes a file with the bytes of a record and renames it over another, and nothing else.';
  const head = ['', ...disks.map(({ fileSystem }) => fileSystem)];
  return `### ${LOCKS.toLocaleString('en')} locks held at once\n\n${intro}\n\n${table(head, lines)}`;
}

/**
 * @param {Workshop} workshop
 * @param {string} folder
 */
async function measure(workshop, folder) {
  const helper = workshop.start('many-locks-child.mjs', [folder], ['--expose-gc']);
  const question = { locks: LOCKS, ttlMs: TTL_MS, rounds: ROUNDS, limitMs: LIMIT_MS };
  const cost = /** @type {Cost} */ (await helper.ask(question, ANSWER_LIMIT_MS));
  await helper.end();
  return cost;
}

/**
 * @param {Cost} cost
 * @returns {[string, string][]}
 */
function rows(cost) {
  const { renewals, seconds, perBucket, idleCpuUsPerS, bareCpuUs } = cost;
  const cpuUs = cost.cpuUs - idleCpuUsPerS * seconds;
  const mean = perBucket.reduce((sum, count) => sum + count, 0) / perBucket.length;
  const most = Math.max(...perBucket);
  const lost = cost.taken - Math.min(cost.held, cost.released);
  return [
    ['locks taken', `${String(cost.taken)} in ${cost.takingS.toFixed(1)} s (at most ${String(LIMIT_MS / 1000)} s)`],
    ['heap and external memory of a held lock', `${shown(cost.bytesPerLock)} bytes`],
    ['CPU of a renewal', `${shown(cpuUs / renewals)} µs`],
    ['the same over that of a bare renewal', `${(cpuUs / renewals / bareCpuUs).toFixed(2)} (${shown(bareCpuUs)} µs)`],
    ['share of one core', `${((cpuUs / seconds / 1e6) * 100).toFixed(0)} %`],
    ['renewals', `${String(renewals)} in ${seconds.toFixed(1)} s`],
    ['renewals in 100 ms, mean', mean.toFixed(0)],
    ['renewals in 100 ms, p99', String(quantile(perBucket, 0.99))],
    ['renewals in 100 ms, most', `${String(most)} (${(most / mean).toFixed(1)} times the mean)`],
    [
      'gap between ticks of 1 ms, p99',
      `${shown(cost.tickP99Ms)} ms (holding nothing: ${shown(cost.idleTickP99Ms)} ms)`,
    ],
    ['locks lost', `${String(lost)} (losses announced: ${String(cost.announced)})`],
  ];
}
