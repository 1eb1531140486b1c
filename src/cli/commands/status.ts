import { inspect, type Inspection } from '../../lock/inspect.js';
import { printable } from '../../lock/model/record.js';
import { STATUS_EXIT } from '../exit-codes.js';
import { factsOf, linesOf } from '../terminal/lock-facts.js';
import { lockJson } from '../terminal/lock-text.js';
import { print } from '../terminal/print.js';
import { screenOn, styled } from '../terminal/screen.js';
import type { ArgumentsOf } from '../usage/arguments.js';
import { openLock } from '../usage/target.js';

/** Prints the state of a lock and resolves with the exit code for it. */
export async function status(args: ArgumentsOf<'status'>): Promise<number> {
  const { json, quiet } = args;
  const { file, options } = await openLock(args);
  const inspection = await inspect(file, options);
  // Whoever wants the lock does not care whether a tombstone is left.
  const state = inspection.state === 'released' ? 'free' : inspection.state;
  const shown = { ...inspection, state };
  if (!quiet) print(`${json ? lockJson(file.toString(), shown) : textOf(file.toString(), shown)}\n`);
  return STATUS_EXIT[state];
}

function textOf(file: string, inspection: Inspection): string {
  const { state, reason, path } = inspection;
  const isFree = state === 'free';
  return [
    `${styled(state, 'bold', screenOn(1))}${reason ? ` (${reason})` : ''}`,
    ...linesOf([['file', printable(file)]]),
    ...(isFree ? [] : linesOf([['lock', printable(path)], ...factsOf(inspection)])),
  ].join('\n');
}
