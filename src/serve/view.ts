import type { Inspection } from '../lock/inspect.js';
import type { Waiter } from '../lock/model/waiter.js';
import { isQuiet, progressWords } from '../lock/model/progress-text.js';

/** How far the work under a lock has come, as its holder said. */
export interface ProgressView {
  /** In a few words, safe to print. */
  readonly text: string;
  readonly value: Readonly<Record<string, unknown>>;
  /** Since it was reported. */
  readonly ageMs: number | null;
  /** Whether that is so long ago that the holder may be stuck. */
  readonly quiet: boolean;
}

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
  readonly progress: ProgressView | null;
  readonly foreign: string | null;
  /** How many wait for it: requests to this instance, and those in `announced`. */
  readonly waiters: number;
  /** Others who wait for it and left a mark beside it, the longest first. */
  readonly announced: readonly AnnouncedView[];
}

/** Somebody who announced a wait. */
export interface AnnouncedView {
  readonly owner: string;
  readonly host: string;
  readonly pid: number;
  readonly waitedMs: number;
}

/** `requests`: how many requests to this instance wait for it. */
export function viewOf(name: string, found: Inspection, requests: number): LockView {
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
    progress: isFree ? null : progressOf(found),
    foreign: found.foreign?.kind ?? null,
    waiters: requests + (found.waiters?.length ?? 0),
    announced: (found.waiters ?? []).map(announcedOf),
  };
}

/** Without the command and the user: they are nobody's business over the network. */
function announcedOf({ ownerId, hostname, pid, waitedMs }: Waiter): AnnouncedView {
  return { owner: ownerId, host: hostname, pid, waitedMs };
}

function progressOf({ record, progressAgeMs }: Inspection): ProgressView | null {
  if (record?.progress === undefined) return null;
  const { value } = record.progress;
  const quiet = progressAgeMs !== undefined && isQuiet(record, progressAgeMs);
  return { text: progressWords(value), value, ageMs: whole(progressAgeMs), quiet };
}

function whole(ms: number | undefined): number | null {
  return ms === undefined || !Number.isFinite(ms) ? null : Math.max(0, Math.round(ms));
}
