// @ts-check
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { median, shown, table } from './figures.mjs';

/**
 * @typedef {import('./machine.mjs').Machine} Machine
 * @typedef {import('./workshop.mjs').Workshop} Workshop
 */

const PAIRS = 30;
const ROOT = join(import.meta.dirname, '..', '..');
const NOTHING = join(import.meta.dirname, 'import-nothing.mjs');
const PACKAGE = join(import.meta.dirname, 'import-package.mjs');

/**
 * @param {Workshop} workshop
 * @param {Machine} machine
 */
export async function importCost(workshop, { disk }) {
  const extra = await extraTimes(workshop);
  const files = await loadedFiles(workshop, join(workshop.makeFolder(disk.path), 'loaded'));
  const sizes = files.map((file) => ({
    bytes: readFileSync(file).length,
    zipped: gzipSync(readFileSync(file)).length,
  }));
  const total = sizes.reduce((sum, size) => ({ bytes: sum.bytes + size.bytes, zipped: sum.zipped + size.zipped }));
  const range = `${shown(Math.min(...extra))} to ${shown(Math.max(...extra))}`;
  const rows = [
    ['time over a bare start of Node', `${shown(median(extra))} ms (${range})`, '< 15 ms'],
    ['files', files.map((file) => `\`${relative(ROOT, file)}\``).join(', '), ''],
    ['bytes', String(total.bytes), ''],
    ['bytes gzipped', String(total.zipped), '< 15 kB'],
  ];
  const intro = `Median of ${String(PAIRS)} pairs of starts in turns; the files are those that Node was seen to load.`;
  return `### \`import 'vfs-lockfile'\`\n\n${intro}\n\n${table(['', 'measured', 'aim'], rows)}`;
}

/**
 * @param {Workshop} workshop
 * @returns {Promise<number[]>} milliseconds that the package adds, by pair
 */
async function extraTimes(workshop) {
  const start = async (/** @type {string} */ script) => {
    const startedMs = performance.now();
    await workshop.run(process.execPath, [script]);
    return performance.now() - startedMs;
  };
  const extra = [];
  await start(PACKAGE);
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const bareMs = await start(NOTHING);
    extra.push((await start(PACKAGE)) - bareMs);
  }
  return extra;
}

/**
 * @param {Workshop} workshop
 * @param {string} log
 * @returns {Promise<string[]>} the files of the package that its import loads
 */
async function loadedFiles(workshop, log) {
  await workshop.run(process.execPath, ['--import', join(import.meta.dirname, 'import-log.mjs'), PACKAGE], {
    LOADED: log,
  });
  const urls = readFileSync(log, 'utf8').split('\n');
  const files = urls.filter((url) => url.startsWith('file:')).map((url) => fileURLToPath(url));
  const ours = [...new Set(files)].filter((file) => file !== PACKAGE);
  if (ours.length === 0) throw new Error('the import was not seen to load anything');
  return ours;
}
