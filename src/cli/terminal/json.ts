import type { Inspection } from '../../lock/inspect.js';
import { isRunning } from '../../lock/model/process.js';
import type { LockRecord } from '../../lock/model/record.js';
import type { Waiter } from '../../lock/model/waiter.js';

/** The version of the format that `output.schema.json` describes. It grows when a name vanishes or changes its meaning. */
const SCHEMA = 1;

/** What a line of JSON is about. */
type LineType =
  | 'lock'
  | 'swept'
  | 'sweep-totals'
  | 'diagnosis'
  | 'acquired'
  | 'renewed'
  | 'released'
  | 'unlocked'
  | 'history'
  | 'history-totals'
  | 'pruned'
  | 'run';

/** One object on one line, free of control characters. */
export function jsonLine(type: LineType, members: object): string {
  return `${escapedJson({ schema: SCHEMA, type, ...members })}\n`;
}

/** One lock. `file` is the locked file's display path. */
export function lockJson(file: string, inspection: Inspection, error?: Error): string {
  const { state, reason, path, version, id, record, foreign, timed, ageMs, idleMs, expiresInMs } = inspection;
  const isFree = state === 'free' || state === 'released';
  return jsonLine('lock', {
    ...{ state, reason: reason ?? null, file, path, id: id ?? null, version: version ?? null },
    fencingToken: inspection.fencingToken?.toString() ?? null,
    record: isFree ? null : recordJson(record),
    alive: isFree || record === undefined ? null : (isRunning(record) ?? null),
    foreign: foreign ?? null,
    timed,
    ageMs: isFree || !timed ? null : spanJson(ageMs),
    idleMs: timed ? spanJson(idleMs) : null,
    progressAgeMs: isFree || !timed ? null : spanJson(inspection.progressAgeMs),
    expiresInMs: isFree || !timed ? null : spanJson(expiresInMs),
    waiters: (inspection.waiters ?? []).map(waiterJson),
    error: error?.message ?? null,
  });
}

function waiterJson({ alive, ...waiter }: Waiter): object {
  return { ...waiter, alive: alive ?? null };
}

/** A record by the library's names, without what only the protocol needs. */
export function recordJson(record: LockRecord | undefined): object | null {
  if (record === undefined) return null;
  const { lockId, ownerId, hostname, pid, processGroup, user, command, tool, renewals, graceMs } = record;
  return {
    ...{ lockId, ownerId, hostname, pid, processGroup, user, command, tool },
    createdAt: record.createdAt?.toISOString() ?? null,
    renewedAt: record.renewedAt?.toISOString() ?? null,
    renewals,
    ttlMs: spanJson(record.ttlMs),
    leaseMs: spanJson(record.leaseMs),
    ...{ graceMs, note: record.note ?? null, progress: record.progress ?? null },
  };
}

/** Whole milliseconds; `"never"` for what never ends, null for what is not known. */
export function spanJson(ms: number | undefined): number | 'never' | null {
  if (ms === undefined) return null;
  return ms === Infinity ? 'never' : Math.round(ms);
}

/** JSON with control characters escaped. `JSON.stringify` leaves some that a terminal obeys; a parser reads the same value. */
function escapedJson(value: object): string {
  return JSON.stringify(value).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}
