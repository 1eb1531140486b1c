// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { now, readJournals } from './journal.mjs';
import { judge } from './judge.mjs';
import { LEASE_MS } from './libraries.mjs';

/**
 * @typedef {import('./judge.mjs').Verdict} Verdict
 * @typedef {{ folder: string, library: string, holderEnds: 'killed' | 'stopped', contenders: number, files: number }} Plan
 */

const WORKER = join(import.meta.dirname, 'stampede-worker.mjs');

/**
 * One process takes every lock and is killed, or stands still. When the locks have gone stale, many processes at once
 * reach for them, lock after lock.
 *
 * @param {Plan} plan
 * @returns {Promise<Verdict>}
 */
export async function stampede({ folder, library, holderEnds, contenders, files }) {
  const names = Array.from({ length: files }, (_, file) => `file-${String(file)}`);
  const filesFolder = join(folder, 'files');
  const journals = join(folder, 'journals');
  mkdirSync(filesFolder, { recursive: true });
  mkdirSync(journals);
  for (const name of names) writeFileSync(join(filesFolder, name), '');
  const start = (/** @type {string} */ role, /** @type {string} */ name) =>
    startWorker([role, library, filesFolder, journals, name, ...names]);

  const holder = await start('holder', 'holder');
  const rivals = await Promise.all(
    Array.from({ length: contenders }, (_, rival) => start('contender', `contender-${String(rival)}`)),
  );
  const at = now();
  holder.kill(holderEnds === 'killed' ? 'SIGKILL' : 'SIGSTOP');
  if (holderEnds === 'killed') await once(holder, 'exit');
  const seenAt = now();
  await pause(LEASE_MS + 500);

  const endings = rivals.map((rival) => once(rival, 'exit'));
  const startAt = now() + 200_000_000n;
  for (const rival of rivals) rival.stdin.end(`${String(startAt)}\n`);
  const codes = await Promise.all(endings);
  const deadAt = holderEnds === 'killed' ? seenAt : now();
  if (holderEnds === 'stopped') {
    holder.kill('SIGKILL');
    await once(holder, 'exit');
  }
  const verdict = judge(readJournals(journals), [{ process: 'holder', pid: Number(holder.pid), at, deadAt }], []);
  const failures = codes.filter(([code]) => code !== 0).map((code) => `a contender ended with ${String(code)}`);
  return { ...verdict, violations: [...failures, ...verdict.violations] };
}

/** @param {readonly string[]} args */
async function startWorker(args) {
  const child = spawn(process.execPath, [WORKER, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
  if (String(line) !== 'ready\n') throw new Error(`${String(args[4])} did not get ready: ${String(line)}`);
  return child;
}
