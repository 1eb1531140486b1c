import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import type { LockEvent } from '../../lock/model/events.js';
import { describeContention } from '../../lock/model/holder.js';
import { forceRelease } from '../../admin/force-release.js';
import { inspect, type Inspection } from '../../lock/inspect.js';
import type { UnlockArguments } from '../usage/arguments.js';
import { printError } from '../usage/print-error.js';
import { NOT_THAT_LOCK } from '../exit-codes.js';
import { idOf } from '../terminal/lock-text.js';
import { print } from '../terminal/print.js';
import { printable } from '../../lock/model/record.js';
import { openTarget } from '../usage/target.js';

const ENDED = 'vfs-lockfile:force-release';

/** Ends the lock that is meant and no other, and resolves with the exit code. */
export async function unlock({ file: text, expect, reason, quiet }: UnlockArguments): Promise<number> {
  const file = await openTarget(text);
  let ended: LockEvent | undefined;
  const listen = (event: unknown): void => void (ended = event as LockEvent);
  subscribe(ENDED, listen);
  try {
    if (!(await forceRelease(file, { expect, ...(reason !== undefined && { reason }) }))) {
      printError(`nothing was changed: ${wordsOf(await inspect(file))}`);
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

function wordsOf(found: Inspection): string {
  if (found.state === 'free' || found.state === 'released') return `there is no lock ${found.path}`;
  return `${describeContention(found)}; its id is ${idOf(found) ?? 'not known'}`;
}
