// @ts-check
/**
 * The torture run by itself, for as long as wanted:
 * `node test/proof/torture/main.mjs [--acquisitions 20000] [--seed any-text] [--processes 8] [--files 6] [--linkless]
 *   [--folder /tmp] [--limit-s 3600] [--keep]`
 *
 * With `--keep` its history stays, as lines of JSON, for `proof/history/main.ts`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { shortfalls, Torture } from './run.mjs';

const { values } = parseArgs({
  options: {
    acquisitions: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now()) },
    processes: { type: 'string', default: '8' },
    files: { type: 'string', default: '6' },
    linkless: { type: 'boolean', default: false },
    folder: { type: 'string', default: tmpdir() },
    'limit-s': { type: 'string', default: '3600' },
    keep: { type: 'boolean', default: false },
  },
});

const acquisitions = Number(values.acquisitions);
const folder = mkdtempSync(join(values.folder, 'vfs-lockfile-torture-'));
console.log(`seed ${values.seed}, folder ${folder}`);

const enough = { acquisitions, kills: acquisitions / 50, stopsPastLease: acquisitions / 50 };
const counts = { processes: Number(values.processes), files: Number(values.files), hardLinks: !values.linkless };
const torture = new Torture({
  folder,
  seed: values.seed,
  ...counts,
  enough,
  limitMs: Number(values['limit-s']) * 1000,
});
const startedMs = performance.now();
const verdict = await torture.run();
const { steals, violations, ...figures } = verdict;
console.table({ ...figures, ...steals, seconds: Math.round((performance.now() - startedMs) / 1000) });
const complaints = [...violations, ...shortfalls(verdict, enough)];
for (const complaint of complaints.slice(0, 50)) console.error(complaint);
if (complaints.length > 0) {
  console.error(`${String(complaints.length)} complaints; the journals are in ${folder}`);
  process.exitCode = 1;
} else if (values.keep) {
  console.log(`the history is in ${join(folder, 'journals')}`);
} else {
  rmSync(folder, { recursive: true });
}
