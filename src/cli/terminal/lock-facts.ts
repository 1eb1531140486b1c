import { hostname as thisHost } from 'node:os';

import type { Inspection } from '../../lock/inspect.js';
import { describeForeign } from '../../lock/model/foreign.js';
import { describeCommand, renewedForMs } from '../../lock/model/holder.js';
import { isRunning } from '../../lock/model/process.js';
import { describeProgress } from '../../lock/model/progress-text.js';
import { printable, type LockRecord } from '../../lock/model/record.js';
import type { Waiter } from '../../lock/model/waiter.js';
import { formatSpan } from '../../util/duration.js';
import { formatInstant } from './time-text.js';

/** What is known about a lock that somebody holds, from an inspection or from the error of a caller that did not get it. */
export type Held = Pick<Inspection, 'record' | 'foreign' | 'ageMs' | 'expiresInMs'> &
  Partial<Pick<Inspection, 'state' | 'reason' | 'id' | 'timed' | 'waiters'>>;

type Fact = readonly [name: string, value: string];

/** Who holds a lock, what it runs, since when and until when, safe to print. */
export function factsOf(held: Held): readonly Fact[] {
  const { record, foreign } = held;
  if (foreign) return [['who', describeForeign(foreign)], ...waitingFacts(held.waiters)];
  const id = held.id ?? record?.lockId;
  return [
    ['who', record ? describeWho(record, isRunning(record)) : 'unknown: the lock file is empty or incomplete'],
    ...fact('what', record && describeCommand(record.command)),
    ['since', describeStart(held)],
    ...fact('work', describeProgress(record, held.timed === false ? undefined : held.ageMs)),
    ['expires', describeEnd(held)],
    ...fact('id', id && printable(id)),
    ...fact('note', record?.note && printable(JSON.stringify(record.note))),
    ...waitingFacts(held.waiters),
  ];
}

const MOST_WAITERS = 5;

/** Those who announced that they wait, a line each. */
function waitingFacts(waiters: Held['waiters'] = []): readonly Fact[] {
  const shown = waiters.slice(0, MOST_WAITERS).map((waiter) => ['waiting', describeWaiter(waiter)] as const);
  const more = waiters.length - shown.length;
  return more > 0 ? [...shown, ['waiting', `and ${more} more`]] : shown;
}

function describeWaiter(waiter: Waiter): string {
  const { command, waitedMs } = waiter;
  const what = command.length > 0 ? `: ${describeCommand(command)}` : '';
  return `${describeWho(waiter, waiter.alive)}, for ${formatSpan(waitedMs)}${what}`;
}

function fact(name: string, value: string | undefined): readonly Fact[] {
  return value ? [[name, value]] : [];
}

/** Facts as lines, each under its name. */
export function linesOf(facts: readonly Fact[], indent = ''): readonly string[] {
  return facts.map(([name, value]) => `${indent}${name.padEnd(7)} ${value}`);
}

function describeWho(
  { ownerId, user, hostname, pid }: Pick<LockRecord, 'ownerId' | 'user' | 'hostname' | 'pid'>,
  running: boolean | undefined,
): string {
  const host = printable(hostname) || 'an unnamed host';
  const parts = [printable(ownerId), user === '' ? host : `${printable(user)}@${host}`];
  if (pid !== 0) parts.push(`process ${pid} (${lifeText(hostname, running)})`);
  return parts.filter((part) => part !== '').join(', ');
}

/** Whether the process of a holder lives, where that can be known. */
export function describeLife(record: LockRecord): string {
  return lifeText(record.hostname, isRunning(record));
}

function lifeText(hostname: string, running: boolean | undefined): string {
  if (running !== undefined) return running ? 'alive' : 'ended';
  return hostname === thisHost() ? 'alive? unknown' : 'alive? unknown: on another host';
}

function describeStart({ record, timed = true, ageMs = 0 }: Held): string {
  const renewals = record?.renewals ?? 0;
  if (timed) {
    const ago = ageMs - renewedForMs(record);
    const renewed = renewals === 0 ? 'never renewed' : `renewed ${formatSpan(ago)} ago, ${times(renewals)} in all`;
    return `${formatInstant(new Date(Date.now() - ageMs))} (${formatSpan(ageMs)} ago), ${renewed}`;
  }
  const renewed = renewals === 0 ? '' : `, renewed ${times(renewals)}`;
  if (record?.createdAt === undefined) return `unknown: the store has no clock that can be read${renewed}`;
  return `${formatInstant(record.createdAt)} by the holder's own clock${renewed}`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function describeEnd({ state, reason, timed = true, expiresInMs = 0 }: Held): string {
  if (state === 'stale') return STALE_TEXTS[reason ?? 'expired'];
  if (expiresInMs === Infinity) return 'never';
  return `in ${timed ? '' : 'at most '}${formatSpan(expiresInMs)} unless renewed`;
}

const STALE_TEXTS: Readonly<Record<NonNullable<Inspection['reason']>, string>> = {
  expired: 'now: the lease is over, the next caller gets the lock',
  'dead-process': 'now: its process has ended, the next caller gets the lock',
  unreadable: 'now: nobody has written it for a whole lease, the next caller gets the lock',
};
