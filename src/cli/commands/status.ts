import { describeHolder } from '../../lock/model/holder.js';
import { inspect, type Inspection } from '../../lock/inspect.js';
import { printable } from '../../lock/model/record.js';
import type { StatusArguments } from '../usage/arguments.js';
import { STATUS_EXIT } from '../exit-codes.js';
import { idOf, leaseWords, lockJson } from '../terminal/lock-text.js';
import { print } from '../terminal/print.js';
import { openTarget } from '../usage/target.js';
import { screenOn, spanOf, styled, timeOf } from '../terminal/terminal.js';

/** Prints the state of a lock and resolves with the exit code that stands for it. */
export async function status({ file: text, json, quiet }: StatusArguments): Promise<number> {
  const file = await openTarget(text);
  const found = await inspect(file);
  // That the lock file is still there is nothing to those who want the lock.
  const state = found.state === 'released' ? 'free' : found.state;
  const asked = { ...found, state };
  if (!quiet) print(`${json ? lockJson(file.toString(), asked) : linesOf(file.toString(), asked)}\n`);
  return STATUS_EXIT[state];
}

function linesOf(file: string, found: Inspection): string {
  const { state, reason, record } = found;
  const lines = [`${styled(state, 'bold', screenOn(1))}${reason ? ` (${reason})` : ''}`];
  const line = (name: string, value: string): unknown => lines.push(`${name.padEnd(7)} ${value}`);
  line('file', printable(file));
  if (state === 'free') return lines.join('\n');
  line('lock', printable(found.path));
  line('id', printable(idOf(found) ?? ''));
  line('holder', record ? describeHolder(record) : 'unknown: the lock file holds no lock record');
  line('since', sinceOf(found));
  line('lease', `${leaseWords(found)}${record?.renewals ? `, renewed ${record.renewals} times` : ''}`);
  if (record?.note) line('note', printable(JSON.stringify(record.note)));
  return lines.join('\n');
}

function sinceOf({ record, timed, ageMs = 0 }: Inspection): string {
  if (timed) return `${timeOf(new Date(Date.now() - ageMs))} (${spanOf(ageMs)} ago)`;
  if (record?.createdAt === undefined) return 'unknown: the store does not tell its time';
  return `${timeOf(record.createdAt)} by the holder's own clock`;
}
