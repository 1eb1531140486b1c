import { inspect, type Inspection } from '../../lock/inspect.js';
import { describeForeign } from '../../lock/model/foreign.js';
import { describeHolder } from '../../lock/model/holder.js';
import { printable } from '../../lock/model/record.js';
import { STATUS_EXIT } from '../exit-codes.js';
import { describeLease, lockJson } from '../terminal/lock-text.js';
import { print } from '../terminal/print.js';
import { screenOn, styled } from '../terminal/screen.js';
import { formatSpan } from '../../util/duration.js';
import { formatTime } from '../terminal/time-text.js';
import type { ArgumentsOf } from '../usage/arguments.js';
import { openLock } from '../usage/target.js';

/** Prints the state of a lock and resolves with the exit code for it. */
export async function status({ file: text, lockFile, json, quiet }: ArgumentsOf<'status'>): Promise<number> {
  const { file, options } = await openLock(text, lockFile);
  const inspection = await inspect(file, options);
  // Whoever wants the lock does not care whether a tombstone is left.
  const state = inspection.state === 'released' ? 'free' : inspection.state;
  const shown = { ...inspection, state };
  if (!quiet) print(`${json ? lockJson(file.toString(), shown) : linesOf(file.toString(), shown)}\n`);
  return STATUS_EXIT[state];
}

function linesOf(file: string, inspection: Inspection): string {
  const { state, reason, record, foreign, path } = inspection;
  const lines = [`${styled(state, 'bold', screenOn(1))}${reason ? ` (${reason})` : ''}`];
  const line = (name: string, value: string): unknown => lines.push(`${name.padEnd(7)} ${value}`);
  line('file', printable(file));
  if (state === 'free') return lines.join('\n');
  line('lock', printable(path));
  if (foreign) line('holder', describeForeign(foreign));
  if (state === 'foreign') return lines.join('\n');
  if (!foreign) line('id', printable(inspection.id ?? ''));
  if (!foreign) line('holder', record ? describeHolder(record) : 'unknown: the lock file is empty or incomplete');
  line('since', describeStart(inspection));
  line('lease', `${describeLease(inspection)}${record?.renewals ? `, renewed ${record.renewals} times` : ''}`);
  if (record?.note) line('note', printable(JSON.stringify(record.note)));
  return lines.join('\n');
}

function describeStart({ record, timed, ageMs = 0 }: Inspection): string {
  if (timed) return `${formatTime(new Date(Date.now() - ageMs))} (${formatSpan(ageMs)} ago)`;
  if (record?.createdAt === undefined) return 'unknown: the store has no clock that can be read';
  return `${formatTime(record.createdAt)} by the holder's own clock`;
}
