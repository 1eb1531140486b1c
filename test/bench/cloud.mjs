// @ts-check
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { median, quantile, shown, table } from './figures.mjs';

/** @typedef {import('./cloud-child.js').Answer} Answer */

const ROOT = join(import.meta.dirname, '..', '..');
const UNIT = 'a PUT by the SDK';

export function s3() {
  return section('### On S3', 's3');
}

export function gcs() {
  return section('### On Google Cloud Storage', 'gcs');
}

/**
 * @param {string} title
 * @param {string} store
 */
async function section(title, store) {
  const script = [join(ROOT, 'scripts', 'run-ts.mjs'), join(import.meta.dirname, 'cloud-child.ts')];
  const args = [...script, store, join(import.meta.dirname, 'crowd-child.mjs')];
  const options = { maxBuffer: 2 ** 26, env: { ...process.env, NODE_NO_WARNINGS: '1' } };
  const { stdout } = await promisify(execFile)(process.execPath, args, options);
  const answers = /** @type {Answer[]} */ (JSON.parse(stdout.slice(stdout.lastIndexOf('\n'))));
  const missing = answers.flatMap(({ name, missing }) => (missing ? [`${name} was not measured: ${missing}.`] : []));
  const measured = answers.filter(({ costs }) => costs);
  return [title, INTRO, ...missing, ...(measured.length > 0 ? [costTable(measured)] : []), ...crowds(answers)].join(
    '\n\n',
  );
}

const INTRO =
  'Servers on this machine, nobody else there, through a proxy that counts requests. The ratio is the median time over that ' +
  'of one unconditional write of as many bytes by the same SDK in the same run. The Go library looks whether the lock is ' +
  'there, writes a temporary object, copies it and deletes it, and gives back by a DELETE, all without any condition. The npm ' +
  'package `s3-mutex` is not in the registry any more, and no other lock on these stores was found there.';

/** @param {readonly Answer[]} answers */
function costTable(answers) {
  const names = [...new Set(answers.flatMap(({ costs }) => Object.keys(costs ?? {})))];
  const head = answers.flatMap(({ name }) => [`${name}: requests`, 'median, ms', 'p95, ms', 'ratio']);
  const rows = names.map((name) => [name, ...answers.flatMap(({ costs }) => cells(costs ?? {}, name))]);
  return table(['', ...head], rows);
}

/**
 * @param {NonNullable<Answer['costs']>} costs
 * @param {string} name
 */
function cells(costs, name) {
  const [cost, unit] = [costs[name], costs[UNIT]];
  if (!cost || !unit) return ['–', '–', '–', '–'];
  const ratio = median(cost.ms) / median(unit.ms);
  return [String(cost.requests), shown(median(cost.ms)), shown(quantile(cost.ms, 0.95)), ratio.toFixed(2)];
}

/**
 * @param {readonly Answer[]} answers
 * @returns {string[]}
 */
function crowds(answers) {
  return answers.flatMap(({ name, crowd }) => {
    if (!crowd) return [];
    const { processes, heldMs, requests, ms, pollMs } = crowd;
    const inPolls = (/** @type {number} */ share) => shown(quantile(ms, share) / pollMs);
    return [
      `${String(processes)} processes that all want one lock for ${String(heldMs)} ms, on ${name}: ${shown(requests / ms.length)} ` +
        `requests a hand-over, of all of them together; from release to the next acquisition ${inPolls(0.5)} of the least poll interval ` +
        `(${String(pollMs)} ms) at the median, ${inPolls(0.95)} at p95 (${String(ms.length)} hand-overs).`,
    ];
  });
}
