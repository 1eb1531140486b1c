import { describeHolder } from '../obstacle.js';
import { printable, type LockRecord } from '../record.js';
import type { StatusArguments } from './arguments.js';
import { STATUS_EXIT } from './exit-codes.js';
import { Lookout, type View } from './lookout.js';
import { print } from './print.js';
import { openTarget } from './target.js';
import { bold, screenOn, spanOf, timeOf } from './terminal.js';

/** Prints the state of a lock and resolves with the exit code that stands for it. */
export async function status({ file: text, json, quiet }: StatusArguments): Promise<number> {
  const file = await openTarget(text);
  const view = await new Lookout(file).look();
  if (!quiet) print(`${json ? jsonOf(file.toString(), view) : linesOf(file.toString(), view)}\n`);
  return STATUS_EXIT[view.state];
}

function linesOf(file: string, view: View): string {
  const lines = [`${bold(view.state, screenOn(1))}${view.reason ? ` (${view.reason})` : ''}`];
  const line = (name: string, value: string): unknown => lines.push(`${name.padEnd(7)} ${value}`);
  line('file', printable(file));
  if (view.state === 'free') return lines.join('\n');
  line('lock', printable(view.path));
  line('holder', view.record ? describeHolder(view.record) : 'unknown: the lock file holds no lock record');
  line('since', sinceOf(view));
  line('lease', leaseOf(view));
  if (view.record?.note) line('note', printable(JSON.stringify(view.record.note)));
  return lines.join('\n');
}

function sinceOf({ record, timed, ageMs = 0 }: View): string {
  if (timed) return `${timeOf(new Date(Date.now() - ageMs))} (${spanOf(ageMs)} ago)`;
  if (record?.createdAt === undefined) return 'unknown: the store does not tell its time';
  return `${timeOf(record.createdAt)} by the holder's own clock`;
}

function leaseOf({ record, state, timed, expiresInMs = 0 }: View): string {
  const renewed = record === undefined || record.renewals === 0 ? '' : `, renewed ${record.renewals} times`;
  if (expiresInMs === Infinity) return `without end${renewed}`;
  if (state === 'stale' && expiresInMs === 0) return `over${renewed}`;
  return `${timed ? '' : 'at most '}${spanOf(expiresInMs)} left${renewed}`;
}

function jsonOf(file: string, view: View): string {
  const { state, reason, path, record, timed, ageMs, expiresInMs } = view;
  const free = state === 'free';
  const finite = (ms: number | undefined): number | null =>
    ms === undefined || ms === Infinity ? null : Math.round(ms);
  const fields = {
    state,
    reason: reason ?? null,
    file,
    lock: path,
    holder: free || record === undefined ? null : holderOf(record),
    createdAt: (free ? undefined : record?.createdAt?.toISOString()) ?? null,
    renewedAt: (free ? undefined : record?.renewedAt?.toISOString()) ?? null,
    renewals: free ? 0 : (record?.renewals ?? 0),
    ageMs: free || !timed ? null : finite(ageMs),
    leaseMs: free ? null : finite(record?.leaseMs),
    expiresInMs: free || !timed ? null : finite(expiresInMs),
    note: (free ? undefined : record?.note) ?? null,
  };
  return escaped(JSON.stringify(fields));
}

function holderOf({ ownerId, hostname, pid, lockId }: LockRecord): Readonly<Record<string, string | number>> {
  return { ownerId, hostname, pid, lockId };
}

/** JSON leaves alone what a terminal may obey; these escapes mean the same to every parser. */
function escaped(json: string): string {
  return json.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}
