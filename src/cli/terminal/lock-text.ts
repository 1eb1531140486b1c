import type { Inspection } from '../../lock/inspect.js';
import type { LockRecord } from '../../lock/model/record.js';
import type { VfsError } from '../../vfs/errors.js';
import type { Style } from './screen.js';
import { formatSpan } from '../../util/duration.js';

export const STATE_STYLES: Readonly<Record<Inspection['state'], Style>> = {
  free: 'bold',
  held: 'green',
  stale: 'yellow',
  unreadable: 'red',
  foreign: 'red',
  released: 'dim',
};

/** The rest of the lease, as far as it is known. */
export function describeLease({ state, timed, expiresInMs = 0 }: Inspection): string {
  if (expiresInMs === Infinity) return 'without end';
  if (state === 'stale' && expiresInMs === 0) return 'over';
  return `${timed ? '' : 'at most '}${formatSpan(expiresInMs)} left`;
}

/** One lock as JSON on one line, free of control characters. */
export function lockJson(file: string, inspection: Inspection, error?: VfsError): string {
  const { state, reason, path, record, foreign, timed, ageMs, idleMs, expiresInMs } = inspection;
  const isFree = state === 'free' || state === 'released';
  const held = isFree ? undefined : record;
  return escapedJson({
    state,
    reason: reason ?? null,
    file,
    lock: path,
    id: inspection.id ?? null,
    fencingToken: inspection.fencingToken?.toString() ?? null,
    holder: held === undefined ? null : holderOf(held),
    foreign: foreign ?? null,
    createdAt: held?.createdAt?.toISOString() ?? null,
    renewedAt: held?.renewedAt?.toISOString() ?? null,
    renewals: held?.renewals ?? 0,
    ageMs: isFree || !timed ? null : roundedMs(ageMs),
    idleMs: timed ? roundedMs(idleMs) : null,
    leaseMs: roundedMs(held?.leaseMs),
    expiresInMs: isFree || !timed ? null : roundedMs(expiresInMs),
    note: held?.note ?? null,
    ...(error && { error: error.message }),
  });
}

/** JSON with control characters escaped. `JSON.stringify` leaves some that a terminal obeys; a parser reads the same value. */
export function escapedJson(value: object): string {
  return JSON.stringify(value).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

export function roundedMs(ms: number | undefined): number | null {
  return ms === undefined || ms === Infinity ? null : Math.round(ms);
}

function holderOf({ ownerId, hostname, pid, lockId }: LockRecord): Readonly<Record<string, string | number>> {
  return { ownerId, hostname, pid, lockId };
}
