// @ts-check
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { asynchronous } from './contenders.mjs';
import { found } from './cycles.mjs';
import { shown, table } from './figures.mjs';

/**
 * @typedef {import('./machine.mjs').Machine} Machine
 * @typedef {import('./workshop.mjs').Workshop} Workshop
 * @typedef {import('./event-loop-child.mjs').Gaps} Gaps
 */

const SPELL_MS = 1500;
const MANY = 100;

/**
 * @param {Workshop} workshop
 * @param {Machine} machine
 */
export async function eventLoop(workshop, { disk }) {
  const folder = workshop.makeFolder(disk.path);
  const files = Array.from({ length: MANY }, (_, file) => join(folder, String(file)));
  for (const file of files) writeFileSync(file, '');
  const loads = [
    { title: 'one at a time', files: files.slice(0, 1) },
    { title: `${String(MANY)} at a time`, files },
  ];
  const [, ...busy] = await measure(workshop, 'busy', files.slice(0, 1));
  const rows = [['computing for 0.5 ms a turn', 'none', ...busy]];
  for (const load of loads) {
    for (const name of ['ours', 'proper', 'bare']) {
      const cells = await measure(workshop, name, load.files);
      rows.push([`${found(asynchronous, name).title}, ${load.title}`, ...cells]);
    }
  }
  const intro =
    `Gaps between turns of the event loop (\`setImmediate\`) while locks are taken and given back without a pause, on ${disk.fileSystem}, ` +
    `for ${String(SPELL_MS / 1000)} s each; the first row shows what the machine itself adds. Aim: p99 of ours ≤ 1 ms.`;
  const head = ['', 'locks taken', 'turns', 'p50, ms', 'p99, ms', 'max, ms', 'time in gaps over 1 ms'];
  return `### The event loop meanwhile\n\n${intro}\n\n${table(head, rows)}`;
}

/**
 * @param {Workshop} workshop
 * @param {string} name
 * @param {readonly string[]} files
 */
async function measure(workshop, name, files) {
  const helper = workshop.start('event-loop-child.mjs', [name]);
  const { cycles, turns, p50, p99, max, over } = /** @type {Gaps} */ (await helper.ask({ files, ms: SPELL_MS }));
  await helper.end();
  return [String(cycles), String(turns), ...[p50, p99, max].map(shown), `${(over * 100).toFixed(0)} %`];
}
