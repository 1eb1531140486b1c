import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { forceRelease } from '../../admin/force-release.js';
import { inspect, type Inspection } from '../../lock/inspect.js';
import type { LockEvent } from '../../lock/model/events.js';
import { describeContention } from '../../lock/model/holder.js';
import { printable } from '../../lock/model/record.js';
import { NOT_THAT_LOCK } from '../exit-codes.js';
import { print } from '../terminal/print.js';
import { printError } from '../terminal/print-error.js';
import type { ArgumentsOf } from '../usage/arguments.js';
import { openLock } from '../usage/target.js';

const ENDED = 'vfs-lockfile:force-release';

/** Ends the lock with the expected id and no other. Resolves with the exit code. */
export async function unlock({ file: text, lockFile, expect, reason, quiet }: ArgumentsOf<'unlock'>): Promise<number> {
  const { file, options } = await openLock(text, lockFile);
  let ended: LockEvent | undefined;
  const listen = (event: unknown): void => void (ended = event as LockEvent);
  subscribe(ENDED, listen);
  try {
    if (!(await forceRelease(file, { ...options, expect: expect.text, ...(reason && { reason: reason.text }) }))) {
      printError(`nothing was changed: ${describe(await inspect(file, options))}`);
      return NOT_THAT_LOCK;
    }
  } finally {
    unsubscribe(ENDED, listen);
  }
  if (!quiet) print(`${sentenceOf(ended, file.toString())}\n`);
  return 0;
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
