import type { LockEventName } from '../lock/model/events.js';
import { SCHEMA, type HistoryEntry, type StolenFrom } from './entry.js';

/** A longer line is neither written nor read. */
export const MAX_LINE_BYTES = 30_000;

/** Every line begins with this. It cannot stand anywhere else in a line, as JSON escapes the quotes within a text. */
export const LINE_START = `{"schema":${SCHEMA},"at":"`;

const LONGEST_TEXT = 1000;
const MOST_WORDS = 50;

const EVENTS: Readonly<Record<LockEventName, true>> = {
  ...{ wait: true, steal: true, acquire: true, timeout: true, fail: true },
  ...{ renew: true, lost: true, release: true, 'force-release': true },
};

/** One line of JSON without its line feed. Undefined: it would be too long. */
export function encodeLine(entry: HistoryEntry): string | undefined {
  const { at, command, ...rest } = entry;
  const line = JSON.stringify({
    schema: SCHEMA,
    at,
    ...rest,
    reason: shortened(rest.reason),
    by: rest.by && shortened(rest.by),
    error: rest.error && shortened(rest.error),
    command: command?.slice(0, MOST_WORDS).map((word) => shortened(word).slice(0, 200)),
    dropped: rest.dropped || undefined,
  });
  return Buffer.byteLength(line) < MAX_LINE_BYTES - ROOM_FOR_DROPPED ? line : undefined;
}

/** What `withDropped` adds takes fewer bytes. */
export const ROOM_FOR_DROPPED = 40;

/** The same line, which also says how many lines before it could not be written. */
export function withDropped(line: string, dropped: number): string {
  return dropped === 0 ? line : `${line.slice(0, -1)},"dropped":${dropped}}`;
}

/**
 * The entry of a line. Undefined: it is no line of a journal. `isTorn` says that something else, such as the first part of a line
 * whose writer was killed, stands before it.
 */
export function decodeLine(text: string): { readonly entry: HistoryEntry; readonly isTorn: boolean } | undefined {
  const start = text.lastIndexOf(LINE_START);
  if (start === -1) return undefined;
  try {
    const entry = entryOf(JSON.parse(text.slice(start)) as Readonly<Record<string, unknown>>);
    return entry && { entry, isTorn: start > 0 };
  } catch {
    return undefined;
  }
}

function entryOf(json: Readonly<Record<string, unknown>>): HistoryEntry | undefined {
  const { at, event, lock, from } = json;
  const texts = ['lockId', 'ownerId', 'hostname', 'user', 'reason'].map((name) => json[name]);
  const optional = ['by', 'error', 'fencingToken'].map((name) => json[name]);
  const numbers = ['pid', 'durationMs', 'attempt'].map((name) => json[name]);
  const stolenFrom = from === undefined ? undefined : stolenFromOf(from);
  if (typeof at !== 'string' || !isEvent(event) || !isText(lock) || lock === '') return undefined;
  if (!texts.every(isText) || !optional.every((value) => value === undefined || isText(value))) return undefined;
  if (!numbers.every(isCount) || !(json.dropped === undefined || isCount(json.dropped))) return undefined;
  if (!(json.command === undefined || isTexts(json.command)) || (from !== undefined && !stolenFrom)) return undefined;
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return undefined;
  const [lockId = '', ownerId = '', hostname = '', user = '', reason = ''] = texts;
  const [by, error, fencingToken] = optional as readonly (string | undefined)[];
  const [pid = 0, durationMs = 0, attempt = 0] = numbers;
  return {
    ...{ at: date, event, lock, lockId, ownerId, hostname, pid, user, durationMs, attempt, reason, by, error },
    ...{ command: json.command, fencingToken, from: stolenFrom, dropped: json.dropped ?? 0 },
  };
}

function stolenFromOf(json: unknown): StolenFrom | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const { lockId, ownerId, hostname, pid } = json as Readonly<Record<string, unknown>>;
  if (!isText(lockId) || !isText(ownerId) || !isText(hostname) || !isCount(pid)) return undefined;
  return { lockId, ownerId, hostname, pid };
}

function isEvent(value: unknown): value is LockEventName {
  return typeof value === 'string' && Object.hasOwn(EVENTS, value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function shortened(text: string): string {
  return text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}...`;
}
