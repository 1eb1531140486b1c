import type { LockContention } from './errors.js';
import { printable, type LockRecord } from './record.js';
import type { LockObservation, StaleReason } from './staleness.js';

/** The record of a stale lock that was taken over, as far as it could be read, and why the lock was stale. */
export type Reclaimed = Partial<LockRecord> & { /** Why it was stale. */ readonly reason: StaleReason };

/** Who holds the lock that was observed, for those who wait for it. */
export function contentionOf(path: string, observation: LockObservation | undefined): LockContention {
  if (observation === undefined) return { path, record: undefined, ageMs: undefined, expiresInMs: undefined };
  const { record, idleMs, staleInMs } = observation;
  return { path, record, ageMs: idleMs + renewedForMs(record), expiresInMs: Math.max(0, staleInMs) };
}

/** Both timestamps come from the holder's clock, so their difference is right on every machine. */
function renewedForMs(record: LockRecord | undefined): number {
  if (record?.createdAt === undefined || record.renewedAt === undefined) return 0;
  return Math.max(0, record.renewedAt.getTime() - record.createdAt.getTime());
}

/** Who holds the lock, in a sentence that is safe to print. */
export function describeContention({ path, record, ageMs, expiresInMs }: LockContention): string {
  if (ageMs === undefined) return `the lock ${printable(path)} changes hands too quickly to say who holds it`;
  const who = record === undefined ? 'somebody unknown (its content is no lock record)' : describeHolder(record);
  const end = expiresInMs === Infinity ? 'never ends' : `ends in ${seconds(expiresInMs ?? 0)} unless renewed`;
  return `the lock ${printable(path)} is held by ${who}: acquired ${seconds(ageMs)} ago, its lease ${end}`;
}

/** The holder's `ownerId` and process, safe to print. */
export function describeHolder({ ownerId, pid, hostname }: LockRecord): string {
  const process = `process ${String(pid)} on ${printable(hostname) || 'an unnamed host'}`;
  return ownerId === '' ? process : `${printable(ownerId)} (${process})`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}
