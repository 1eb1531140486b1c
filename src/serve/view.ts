import type { Inspection } from '../lock/inspect.js';

/** One lock as the service shows it. A time is in milliseconds by the store's clock; null: it is not known, or there is no end. */
export interface LockView {
  readonly name: string;
  readonly state: Inspection['state'];
  readonly reason: string | null;
  /** What `force-release` and the holder's requests name. */
  readonly id: string | null;
  readonly owner: string;
  readonly host: string;
  readonly pid: number | null;
  readonly ageMs: number | null;
  readonly idleMs: number | null;
  readonly expiresInMs: number | null;
  readonly leaseMs: number | null;
  readonly endless: boolean;
  readonly renewals: number;
  readonly fencingToken: string | null;
  readonly note: Readonly<Record<string, unknown>> | null;
  readonly foreign: string | null;
  /** How many requests to this instance wait for it. */
  readonly waiters: number;
}

export function viewOf(name: string, found: Inspection, waiters: number): LockView {
  const isFree = found.state === 'free' || found.state === 'released';
  const record = isFree ? undefined : found.record;
  return {
    name,
    state: found.state,
    reason: found.reason ?? null,
    id: found.id ?? null,
    owner: record?.ownerId ?? '',
    host: record?.hostname ?? '',
    pid: record === undefined || record.pid === 0 ? null : record.pid,
    ageMs: isFree ? null : whole(found.ageMs),
    idleMs: whole(found.idleMs),
    expiresInMs: isFree ? null : whole(found.expiresInMs),
    leaseMs: whole(record?.leaseMs),
    endless: record?.leaseMs === Infinity,
    renewals: record?.renewals ?? 0,
    fencingToken: record === undefined || record.fencingToken === '' ? null : record.fencingToken,
    note: record?.note ?? null,
    foreign: found.foreign?.kind ?? null,
    waiters,
  };
}

function whole(ms: number | undefined): number | null {
  return ms === undefined || !Number.isFinite(ms) ? null : Math.max(0, Math.round(ms));
}
