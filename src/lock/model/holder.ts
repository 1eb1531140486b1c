import { wallMs } from '../../util/time.js';
import { formatSpan } from '../../util/duration.js';
import type { LockContention } from './errors.js';
import { describeForeign } from './foreign.js';
import { isRunning, thisProcess } from './process.js';
import { describeProgress } from './progress-text.js';
import { printable, type LockRecord } from './record.js';
import type { LockObservation, StaleReason } from './staleness.js';

/** The record of a stale lock that was taken over, as far as it could be read, and why the lock was stale. */
export type Reclaimed = Partial<LockRecord> & { /** Why it was stale. */ readonly reason: StaleReason };

/** Who holds the lock that was observed, for those who wait for it. */
export function contentionOf(path: string, observation: LockObservation | undefined): LockContention {
  if (observation === undefined)
    return { path, record: undefined, ageMs: undefined, expiresInMs: undefined, inThisProcess: false };
  const { record, foreign, idleMs, staleInMs } = observation;
  return {
    path,
    record,
    foreign,
    ageMs: idleMs + renewedForMs(record),
    expiresInMs: Math.max(0, staleInMs),
    inThisProcess: false,
  };
}

/** Both timestamps come from the holder's clock, so their difference is right on every machine. */
export function renewedForMs(record: LockRecord | undefined): number {
  if (record?.createdAt === undefined || record.renewedAt === undefined) return 0;
  return Math.max(0, record.renewedAt.getTime() - record.createdAt.getTime());
}

type Contended = Omit<LockContention, 'inThisProcess'> & Partial<Pick<LockContention, 'inThisProcess'>>;

/** Who holds the lock, in a sentence that is safe to print. */
export function describeContention({ inThisProcess = false, ...contention }: Contended): string {
  const { path, record, ageMs, expiresInMs } = contention;
  if (ageMs === undefined) {
    if (inThisProcess) return `another caller in this process holds the lock ${printable(path)} or waits for it`;
    return `the lock ${printable(path)} changes hands too quickly to say who holds it`;
  }
  const who = record === undefined ? describeUnknown(contention) : `${describeHolder(record)}${describeWork(record)}`;
  const end = expiresInMs === Infinity ? 'never ends' : `ends in ${seconds(expiresInMs ?? 0)} unless renewed`;
  const id = record?.lockId ? `, its id is ${printable(record.lockId)}` : '';
  const progress = describeProgress(record, ageMs);
  const times =
    `acquired ${seconds(ageMs)} ago${sinceText(ageMs)}, its lease ${end}${id}` +
    (progress ? `; ${progress}` : '') +
    describeOthers(contention.waiters);
  if (!inThisProcess) return `the lock ${printable(path)} is held by ${who}: ${times}`;
  if (isThisProcess(record))
    return `the lock ${printable(path)} is held by ${who}, another caller in this process: ${times}`;
  return `another caller in this process waits for the lock ${printable(path)}, which is held by ${who}: ${times}`;
}

function describeOthers(waiters: LockContention['waiters'] = []): string {
  const [longest] = waiters;
  if (longest === undefined) return '';
  const since = seconds(longest.waitedMs);
  return waiters.length === 1
    ? `; 1 other waits for ${since}`
    : `; ${waiters.length} others wait, the longest for ${since}`;
}

function isThisProcess(record: LockRecord | undefined): boolean {
  const here = thisProcess();
  return record?.pid === here.pid && record.hostname === here.hostname && record.processStart === here.processStart;
}

function describeUnknown({ foreign }: Pick<LockContention, 'foreign'>): string {
  if (foreign?.kind === 'folder') return describeForeign(foreign);
  return 'somebody unknown (the lock file is empty or incomplete)';
}

/** The holder's `ownerId`, process, user and host, safe to print. */
export function describeHolder({
  ownerId,
  pid,
  hostname,
  user,
}: Pick<LockRecord, 'ownerId' | 'pid' | 'hostname' | 'user'>): string {
  const host = `on ${printable(hostname) || 'an unnamed host'}`;
  const by = user === '' ? '' : `${pid === 0 ? '' : 'of '}${printable(user)} `;
  const process =
    pid === 0 ? `${by || (ownerId === '' ? 'somebody ' : '')}${host}` : `process ${String(pid)} ${by}${host}`;
  return ownerId === '' ? process : `${printable(ownerId)} (${process})`;
}

/** Whether the holder is known to live, and what it runs. */
function describeWork(record: LockRecord): string {
  const alive = isRunning(record) ? ', alive' : '';
  return record.command.length === 0 ? alive : `${alive}, running ${describeCommand(record.command)}`;
}

/** A command as a shell takes it, safe to print. */
export function describeCommand(command: readonly string[]): string {
  return printable(command.map((word) => (/^[\w@%+=:,./…-]+$/.test(word) ? word : quoted(word))).join(' '));
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function sinceText(ageMs: number): string {
  const since = new Date(wallMs() - ageMs);
  return Number.isNaN(since.getTime()) ? '' : ` (${since.toISOString().replace('T', ' ').replace(/\..*/, '')} UTC)`;
}

function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : formatSpan(ms);
}
