import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createInterface } from 'node:readline';
import { isatty } from 'node:tty';

import { forceRelease } from '../../admin/force-release.js';
import { inspect, type Inspection } from '../../lock/inspect.js';
import type { LockEvent } from '../../lock/model/events.js';
import { describeContention } from '../../lock/model/holder.js';
import { isRunning } from '../../lock/model/process.js';
import { printable } from '../../lock/model/record.js';
import { NOT_THAT_LOCK } from '../exit-codes.js';
import { print } from '../terminal/print.js';
import { factsOf, linesOf } from '../terminal/lock-facts.js';
import { printError, printLines } from '../terminal/print-error.js';
import type { ArgumentsOf } from '../usage/arguments.js';
import { openLock } from '../usage/target.js';
import { closeJournal, journalOf } from './journal.js';

const ENDED = 'vfs-lockfile:force-release';

/** Ends the lock with the expected id and no other. Resolves with the exit code. */
export async function unlock(args: ArgumentsOf<'unlock'>): Promise<number> {
  const { expect, reason, quiet } = args;
  const { file, options } = await openLock(args);
  const found = await inspect(file, options);
  if (found.id === expect.text && !(await isConfirmed(found, args))) {
    printError('nothing was changed');
    return NOT_THAT_LOCK;
  }
  let ended: LockEvent | undefined;
  const listen = (event: unknown): void => void (ended = event as LockEvent);
  subscribe(ENDED, listen);
  const journal = await journalOf(args.journal, file, options.lockPath);
  try {
    if (!(await forceRelease(file, { ...options, expect: expect.text, ...(reason && { reason: reason.text }) }))) {
      printError(`nothing was changed: ${describe(await inspect(file, options))}`);
      return NOT_THAT_LOCK;
    }
  } finally {
    unsubscribe(ENDED, listen);
    await closeJournal(journal);
  }
  if (!quiet) print(`${sentenceOf(ended, file.toString())}\n`);
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

function sentenceOf(ended: LockEvent | undefined, file: string): string {
  const owner = ended?.ownerId ? ` of ${printable(ended.ownerId)}` : '';
  const by = ended?.by ? ` by ${printable(ended.by)}` : '';
  const why = ended?.reason ? `: ${printable(ended.reason)}` : '';
  return `the lock${owner} on ${printable(file)} was ended${by}${why}`;
}

function describe(inspection: Inspection): string {
  const { state, path, record } = inspection;
  if (state === 'free' || state === 'released') return `there is no lock ${path}`;
  const sentence = describeContention(inspection);
  return record?.lockId ? sentence : `${sentence}, its id is ${inspection.id ?? 'not known'}`;
}
