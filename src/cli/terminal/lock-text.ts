import type { VfsError } from '../../vfs/errors.js';
import type { Inspection } from '../../lock/inspect.js';
import type { LockRecord } from '../../lock/model/record.js';
import { spanOf, type Style } from './terminal.js';

export const STATE_STYLES: Readonly<Record<Inspection['state'], Style>> = {
  free: 'bold',
  held: 'green',
  stale: 'yellow',
  unreadable: 'red',
  released: 'dim',
};

/** What is left of the lease, or what is known of that. */
export function leaseWords({ state, timed, expiresInMs = 0 }: Inspection): string {
  if (expiresInMs === Infinity) return 'without end';
  if (state === 'stale' && expiresInMs === 0) return 'over';
  return `${timed ? '' : 'at most '}${spanOf(expiresInMs)} left`;
}

/** What `unlock --expect` takes: Go's own records, and what holds no record, have no id but their version. */
export function idOf({ record, version }: Inspection): string | undefined {
  return record === undefined || record.lockId === '' ? version : record.lockId;
}

/** One lock on one line, without anything that a terminal would obey. */
export function lockJson(file: string, inspection: Inspection, error?: VfsError): string {
  const { state, reason, path, record, timed, ageMs, idleMs, expiresInMs } = inspection;
  const isFree = state === 'free' || state === 'released';
  const held = isFree ? undefined : record;
  return harmlessJson({
    state,
    reason: reason ?? null,
    file,
    lock: path,
    id: isFree ? null : (idOf(inspection) ?? null),
    holder: held === undefined ? null : holderOf(held),
    createdAt: held?.createdAt?.toISOString() ?? null,
    renewedAt: held?.renewedAt?.toISOString() ?? null,
    renewals: held?.renewals ?? 0,
    ageMs: isFree || !timed ? null : wholeMs(ageMs),
    idleMs: timed ? wholeMs(idleMs) : null,
    leaseMs: wholeMs(held?.leaseMs),
    expiresInMs: isFree || !timed ? null : wholeMs(expiresInMs),
    note: held?.note ?? null,
    ...(error && { error: error.message }),
  });
}

/** JSON leaves alone what a terminal may obey; these escapes mean the same to every parser. */
export function harmlessJson(value: object): string {
  return JSON.stringify(value).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

export function wholeMs(ms: number | undefined): number | null {
  return ms === undefined || ms === Infinity ? null : Math.round(ms);
}

function holderOf({ ownerId, hostname, pid, lockId }: LockRecord): Readonly<Record<string, string | number>> {
  return { ownerId, hostname, pid, lockId };
}
