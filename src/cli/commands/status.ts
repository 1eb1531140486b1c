import { inspect, type Inspection } from '../../lock/inspect.js';
import { printable } from '../../lock/model/record.js';
import { STATUS_EXIT } from '../exit-codes.js';
import { factsOf, linesOf } from '../terminal/lock-facts.js';
import { lockJson } from '../terminal/json.js';
import { print } from '../terminal/print.js';
import { screenOn, styled } from '../terminal/screen.js';
import type { ArgumentsOf } from '../usage/arguments.js';
import { openLock } from '../usage/target.js';

/** Prints the state of locks and resolves with the exit code for it: of several, the highest. */
export async function status(args: ArgumentsOf<'status'>): Promise<number> {
  const { files, json, quiet } = args;
  let code = 0;
  for (const [i, text] of files.entries()) {
    const { file, options } = await openLock({ ...args, file: text });
    const inspection = await inspect(file, { ...options, waiters: true });
    // Whoever wants the lock does not care whether a tombstone is left.
    const state = inspection.state === 'released' ? 'free' : inspection.state;
    const shown = { ...inspection, state };
    code = Math.max(code, STATUS_EXIT[state]);
    if (quiet) continue;
    if (json) print(lockJson(file.toString(), shown));
    else print(`${i === 0 ? '' : '\n'}${textOf(file.toString(), shown)}\n`);
  }
  return code;
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
