import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, workerData } from 'node:worker_threads';

import { shipped } from './algorithms.js';
import { sections } from './jobs.js';
import { Pool, type Place } from './pool.js';
import { playSeed } from './random.js';
import { HEADING, linesOf, rowOf, type Report } from './report.js';
import { inWorld, quickDisk } from './world.js';

/** The whole exploration, or the sections with a text in their title. Tells whether all was as it should be. */
async function explore(only: string): Promise<boolean> {
  const started = performance.now();
  const firstSeed = randomInt(2 ** 31);
  const pool = new Pool(new URL(import.meta.url), firstSeed);
  let [schedules, complaints] = [0, 0];
  for (const [at, { title, jobs }] of sections(firstSeed).entries()) {
    if (!title.includes(only)) continue;
    console.log(`\n${title}\n${HEADING}`);
    const played = jobs.map(async ({ isSpoilt }, i) => {
      const report = await pool.play([at, i]);
      schedules += report.schedules;
      complaints += judge(report, isSpoilt);
    });
    await Promise.all(played);
  }
  await pool.close();
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  console.log(`\n${schedules.toLocaleString('en')} schedules in ${minutes} minutes, ${complaints} complaints`);
  return complaints === 0 && schedules > 0;
}

/** Prints a report and its violations; returns the exit code, 0 or 1. */
function judge(report: Report, isSpoilt: boolean): number {
  console.log(rowOf(report));
  if (isSpoilt === report.failed > 0) return 0;
  console.log(report.simplest ? linesOf(report.simplest).join('\n') : '! not caught');
  return 1;
}

/** The one random schedule of a seed, step by step. */
function replay(seed: number): boolean {
  const { violations } = inWorld(quickDisk(), (world) =>
    playSeed(world, shipped, seed, undefined, (line) => console.log(line)),
  );
  console.log(violations.length === 0 ? 'no violation' : violations.join('\n'));
  return violations.length === 0;
}

if (isMainThread) {
  const { values } = parseArgs({ options: { seed: { type: 'string' }, only: { type: 'string', default: '' } } });
  const isSound = values.seed === undefined ? await explore(values.only) : replay(Number(values.seed));
  process.exitCode = isSound ? 0 : 1;
} else {
  const all = sections(workerData as number);
  parentPort?.on('message', ([section, job]: Place) => parentPort?.postMessage(all[section]!.jobs[job]!.play()));
}
