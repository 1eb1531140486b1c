// @ts-check
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { median, quantile, shown, table } from './figures.mjs';

/**
 * @typedef {import('./sftp-child.js').Answer} Answer
 * @typedef {import('./sftp-child.js').Cost} Cost
 */

const ROOT = join(import.meta.dirname, '..', '..');
const TITLE = '### Over SFTP';

export async function sftp() {
  const script = [join(ROOT, 'scripts', 'run-ts.mjs'), join(import.meta.dirname, 'sftp-child.ts')];
  const { stdout } = await promisify(execFile)(process.execPath, script);
  const { missing, costs } = /** @type {Answer} */ (JSON.parse(stdout));
  if (!costs) return `${TITLE}\n\nNot measured: ${String(missing)}.`;
  const [[, near] = ['', {}], [latency, far] = ['', {}]] = Object.entries(costs);
  const rows = Object.keys(near).map((name) => [name, ...cells(near, far, name)]);
  const intro =
    `OpenSSH on this machine, nobody else there, through a proxy that counts round trips, at once and with ${latency} ms of ` +
    'latency. The ratio is the median time over that of as many round trips, each as long as that of a bare `stat`.';
  const head = ['', 'round trips', '0 ms: median, ms', 'p95, ms', `${latency} ms: median, ms`, 'p95, ms', 'ratio'];
  return `${TITLE}\n\n${intro}\n\n${table(head, rows)}`;
}

/**
 * @param {Readonly<Record<string, Cost>>} near
 * @param {Readonly<Record<string, Cost>>} far
 * @param {string} name
 */
function cells(near, far, name) {
  const [{ ms, trips }, distant, stat] = [found(near, name), found(far, name), found(far, 'stat')];
  const ratio = median(distant.ms) / (distant.trips * median(stat.ms));
  const times = [ms, distant.ms].flatMap((values) => [shown(median(values)), shown(quantile(values, 0.95))]);
  return [String(Math.max(trips, distant.trips)), ...times, ratio.toFixed(2)];
}

/**
 * @param {Readonly<Record<string, Cost>>} costs
 * @param {string} name
 */
function found(costs, name) {
  const cost = costs[name];
  if (!cost) throw new Error(`${name} was not measured`);
  return cost;
}
