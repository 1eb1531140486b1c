// @ts-check
/**
 * `npm run bench [-- --write] [-- --only event-loop --only import]`: prints what the library costs, as tables; with `--write`
 * it writes them to docs/benchmarks.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { format, resolveConfig } from 'prettier';

import { gcs, s3 } from './cloud.mjs';
import { contention } from './contention.mjs';
import { eventLoop } from './event-loop.mjs';
import { handOver } from './hand-over.mjs';
import { importCost } from './import-cost.mjs';
import { describeMachine } from './machine.mjs';
import { manyLocks } from './many-locks.mjs';
import { withBlock } from './page.mjs';
import { serve } from './serve.mjs';
import { sftp } from './sftp.mjs';
import { syscalls } from './syscalls.mjs';
import { uncontended } from './uncontended.mjs';
import { Workshop } from './workshop.mjs';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'benchmarks.md');

const SECTIONS = {
  uncontended,
  'event-loop': eventLoop,
  syscalls,
  'hand-over': handOver,
  contention,
  'many-locks': manyLocks,
  serve,
  sftp,
  s3,
  gcs,
  import: importCost,
};

const { values } = parseArgs({
  options: { write: { type: 'boolean', default: false }, only: { type: 'string', multiple: true, default: [] } },
});

/** @param {string} text */
async function formatted(text) {
  return format(text, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
}

/** @param {Workshop} workshop */
async function report(workshop) {
  const machine = await describeMachine();
  const parts = [machine.text];
  console.log(machine.text);
  for (const [name, section] of Object.entries(SECTIONS)) {
    if (values.only.length > 0 && !values.only.includes(name)) continue;
    const startedMs = performance.now();
    const part = await section(workshop, machine);
    parts.push(part);
    console.log(`\n${(await formatted(part)).trim()}`);
    console.error(`(${name}: ${((performance.now() - startedMs) / 1000).toFixed(0)} s)`);
  }
  return parts.join('\n\n');
}

/** @param {Workshop} workshop */
function closeOnSignals(workshop) {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.once(signal, () => {
      void workshop.close().finally(() => process.exit(128 + constants.signals[signal]));
    });
  }
}

const unknown = values.only.filter((name) => !(name in SECTIONS));
if (unknown.length > 0)
  throw new Error(`no such section: ${unknown.join(', ')}; there are ${Object.keys(SECTIONS).join(', ')}`);
if (values.write) {
  if (values.only.length > 0) throw new Error('--write needs all sections, so no --only');
  // Now, and not only after minutes of measuring.
  withBlock(readFileSync(PAGE, 'utf8'), '');
}
const workshop = new Workshop();
closeOnSignals(workshop);
try {
  const block = await formatted(await report(workshop));
  if (values.write) writeFileSync(PAGE, withBlock(readFileSync(PAGE, 'utf8'), block));
} finally {
  await workshop.close();
}
