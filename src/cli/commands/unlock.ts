import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createInterface } from 'node:readline';
import { isatty } from 'node:tty';

import { forceRelease } from '../../admin/force-release.js';
import { inspect, type Inspection } from '../../lock/inspect.js';
import type { LockEvent } from '../../lock/model/events.js';
import { isRunning } from '../../lock/model/process.js';
import { printable } from '../../lock/model/record.js';
import type { VfsFile } from '../../vfs/file.js';
import { NOT_THAT_LOCK } from '../exit-codes.js';
import { jsonLine } from '../terminal/json.js';
import { print } from '../terminal/print.js';
import { factsOf, linesOf } from '../terminal/lock-facts.js';
import { printError, printLines } from '../terminal/print-error.js';
import type { ArgumentsOf } from '../usage/arguments.js';
import { openLock } from '../usage/target.js';
import { closeJournal, journalOf } from './journal.js';
import { describeOther } from './renew.js';

const ENDED = 'vfs-lockfile:force-release';

/** Ends the lock with the expected id and no other. Resolves with the exit code. */
export async function unlock(args: ArgumentsOf<'unlock'>): Promise<number> {
  const { expect, reason } = args;
  const { file, options } = await openLock(args);
  const found = await inspect(file, options);
  const report = (done: boolean, ended?: LockEvent): void => {
    if (args.quiet) return;
    if (args.json) print(outcomeJson(done, file, found.path, expect.text, ended));
    else if (done) print(`${sentenceOf(ended, file.toString())}\n`);
  };
  if (found.id === expect.text && !(await isConfirmed(found, args))) {
    report(false);
    printError('nothing was changed');
    return NOT_THAT_LOCK;
  }
  let ended: LockEvent | undefined;
  const listen = (event: unknown): void => void (ended = event as LockEvent);
  subscribe(ENDED, listen);
  const journal = await journalOf(args.journal, file, options.lockPath);
  try {
    if (!(await forceRelease(file, { ...options, expect: expect.text, ...(reason && { reason: reason.text }) }))) {
      report(false);
      printError(`nothing was changed: ${describeOther(await inspect(file, options))}`);
      return NOT_THAT_LOCK;
    }
  } finally {
    unsubscribe(ENDED, listen);
    await closeJournal(journal);
  }
  report(true, ended);
  return 0;
}

/** Shows what is about to be ended and, on a terminal, asks whether to go on. */
async function isConfirmed(found: Inspection, { yes, quiet }: ArgumentsOf<'unlock'>): Promise<boolean> {
  const { record, path } = found;
  const asks = !yes && isatty(0) && isatty(2);
  if (asks || (isatty(2) && !quiet)) {
    printLines([`about to end the lock ${printable(path)}`, ...linesOf(factsOf(found), '  ')]);
    if (record && isRunning(record))
      printLines([`  Its process ${record.pid} is alive on this host and works on: stop it first.`]);
  }
  return !asks || /^y(es)?$/i.test((await answerTo('End it? [y/N] ')).trim());
}

/** The end of the input and ctrl-C are no answer. */
async function answerTo(question: string): Promise<string> {
  const dialogue = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await new Promise((resolve) => {
      dialogue.once('SIGINT', () => resolve('')).once('close', () => resolve(''));
      dialogue.question(question, resolve);
    });
  } finally {
    dialogue.close();
  }
}

function outcomeJson(done: boolean, file: VfsFile, path: string, id: string, ended: LockEvent | undefined): string {
  const { by = null, reason = null } = ended ?? {};
  return jsonLine('unlocked', { done, file: file.toString(), path, id, by, reason });
}

function sentenceOf(ended: LockEvent | undefined, file: string): string {
  const owner = ended?.ownerId ? ` of ${printable(ended.ownerId)}` : '';
  const by = ended?.by ? ` by ${printable(ended.by)}` : '';
  const why = ended?.reason ? `: ${printable(ended.reason)}` : '';
  return `the lock${owner} on ${printable(file)} was ended${by}${why}`;
}
