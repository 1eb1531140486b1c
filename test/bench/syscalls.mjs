// @ts-check
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { asynchronous, synchronous } from './contenders.mjs';
import { table } from './figures.mjs';

/**
 * @typedef {import('./machine.mjs').Machine} Machine
 * @typedef {import('./workshop.mjs').Workshop} Workshop
 * @typedef {Map<string, number>} Counts calls by their names
 */

const FEW = 20;
const MANY = 220;

/** @type {readonly (readonly [string, RegExp])[]} the last one takes what is left */
const GROUPS = [
  ['open, close', /^(open|openat|close)$/],
  ['read, write', /^p?(read|write)(64|v)?$/],
  ['stat', /^(stat|lstat|fstat|newfstatat|statx)$/],
  ['attributes', /^(f?chmod|fchmodat|f?chown|utimensat|utime|utimes)$/],
  ['names', /^(mkdir|rmdir|rename|link|symlink|unlink|readlink)(at|at2)?$/],
  ['waits and the rest', /^/],
];

/**
 * @param {Workshop} workshop
 * @param {Machine} machine
 */
export async function syscalls(workshop, { disk }) {
  const title = '### System calls of one lock and unlock';
  const { error, status } = spawnSync('strace', ['-c', 'true'], { stdio: 'ignore' });
  if (error) return `${title}\n\nNot counted: strace is missing on this machine.`;
  if (status !== 0) return `${title}\n\nNot counted: strace is not allowed on this machine.`;
  const folder = workshop.makeFolder(disk.path);
  const rows = [];
  for (const [mode, contenders] of Object.entries({ async: asynchronous, sync: synchronous })) {
    for (const [name, contender] of Object.entries(contenders)) {
      rows.push([contender.title, ...cells(await countCycle(workshop, folder, mode, name))]);
    }
  }
  const intro =
    `Counted by strace over all threads on ${disk.fileSystem}: ${String(MANY)} times less ${String(FEW)} times, shared out. ` +
    'Asynchronous calls of Node wake another thread, which costs reads, writes and waits of its own.';
  return `${title}\n\n${intro}\n\n${table(['', ...GROUPS.map(([group]) => group), 'in all'], rows)}`;
}

/**
 * @param {Workshop} workshop
 * @param {string} folder
 * @param {string} mode
 * @param {string} name
 * @returns {Promise<Counts>} of one cycle
 */
async function countCycle(workshop, folder, mode, name) {
  const file = join(folder, `${mode}-${name}`);
  const log = `${file}.calls`;
  writeFileSync(file, '');
  const count = async (/** @type {number} */ cycles) => {
    const child = [process.execPath, join(import.meta.dirname, 'syscalls-child.mjs'), mode, name, file, String(cycles)];
    await workshop.run('strace', ['-f', '-c', '-o', log, '--', ...child]);
    return parse(readFileSync(log, 'utf8'));
  };
  const few = await count(FEW);
  const many = await count(MANY);
  return new Map([...many].map(([call, calls]) => [call, (calls - (few.get(call) ?? 0)) / (MANY - FEW)]));
}

/**
 * @param {string} summary of `strace -c`: share, seconds, time a call, calls, errors if any, name
 * @returns {Counts}
 */
function parse(summary) {
  const rows = [...summary.matchAll(/^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$/gm)];
  const counts = new Map(rows.map(([, calls, name]) => [String(name), Number(calls)]));
  counts.delete('total');
  if (counts.size === 0) throw new Error(`strace counted nothing:\n${summary}`);
  return counts;
}

/** @param {Counts} counts */
function cells(counts) {
  const sums = GROUPS.map(() => 0);
  for (const [call, calls] of counts) {
    const group = GROUPS.findIndex(([, pattern]) => pattern.test(call));
    sums[group] = (sums[group] ?? 0) + calls;
  }
  const all = sums.reduce((total, sum) => total + sum, 0);
  return [...sums, all].map((sum) => Math.max(0, sum).toFixed(1));
}
