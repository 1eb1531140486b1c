import type { LockContention } from './errors.js';
import { printable, type LockRecord } from './record.js';
import type { LockObservation, StaleReason } from './staleness.js';

/** The stale lock that was taken over, as far as it could be read, and why it was stale. */
export type Reclaimed = Partial<LockRecord> & { readonly reason: StaleReason };

/** What a look at a lock tells those who have to wait for it. */
export function contentionOf(path: string, sighting: LockObservation | undefined): LockContention {
  if (sighting === undefined) return { path, record: undefined, ageMs: undefined, expiresInMs: undefined };
  const { record, idleMs, staleInMs } = sighting;
  return { path, record, ageMs: idleMs + renewedForMs(record), expiresInMs: Math.max(0, staleInMs) };
}

/** Both stamps are the holder's own, so their difference means something to everybody. */
function renewedForMs(record: LockRecord | undefined): number {
  if (record?.createdAt === undefined || record.renewedAt === undefined) return 0;
  return Math.max(0, record.renewedAt.getTime() - record.createdAt.getTime());
}

/** Who is in the way, in a sentence that is safe to print. */
export function describeContention({ path, record, ageMs, expiresInMs }: LockContention): string {
  if (ageMs === undefined) return `the lock ${printable(path)} keeps changing hands`;
  const who = record === undefined ? 'somebody unknown (its content is no lock record)' : describeHolder(record);
  const end = expiresInMs === Infinity ? 'without end' : `for ${seconds(expiresInMs ?? 0)} more unless renewed`;
  return `the lock ${printable(path)} is held by ${who} since ${seconds(ageMs)}, ${end}`;
}

/** The holder's own words and process, safe to print. */
export function describeHolder({ ownerId, pid, hostname }: LockRecord): string {
  const process = `process ${String(pid)} on ${printable(hostname) || 'an unnamed host'}`;
  return ownerId === '' ? process : `${printable(ownerId)} (${process})`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}
