import { TextDecoder } from 'node:util';
import { LockOptionError } from '../../util/option-error.js';
import { goMember, goTime, readGoTime } from './go-json.js';
import { isObject, isShallow, plainObject, type Json } from './plain-json.js';
import { progressJson, progressOf, type LockProgress } from './progress.js';

/**
 * The content of a lock file. A text that the file does not contain is empty. Do not trust it: anybody who can write the file
 * wrote it, and it may contain control characters.
 */
export interface LockRecord {
  /** When the lock was acquired, by the holder's clock. Undefined: the file does not say. */
  readonly createdAt: Date | undefined;
  /** Milliseconds from `createdAt` to the end of the lease; Infinity: it never ends. Grows with each renewal. */
  readonly ttlMs: number;
  /** Milliseconds from the last write to the end of the lease; Infinity: it never ends. Equals `ttlMs` in the Go library's files. */
  readonly leaseMs: number;
  /** The holder's host. */
  readonly hostname: string;
  /** The holder's process, as its own pid namespace numbers it. */
  readonly pid: number;
  /** The holder, in its own words. */
  readonly ownerId: string;
  /** Identifies this acquisition. It stays the same from renewal to renewal. */
  readonly lockId: string;
  /** Identifies this write: no other write has the same. */
  readonly nonce: string;
  /** When the lock was last renewed, by the holder's clock. Undefined: never. */
  readonly renewedAt: Date | undefined;
  /** How often the lock was renewed. */
  readonly renewals: number;
  /** Identifies the run of the holder's host since it was started. */
  readonly bootId: string;
  /** Identifies the holder's host over its runs. */
  readonly machineId: string;
  /** When the holder's process started, in clock ticks since the start of its host. */
  readonly processStart: string;
  /** The namespaces in which `pid` and `processStart` have their meaning. */
  readonly namespace: string;
  /**
   * A process group of the holder's host that works under the lock, too: the holder has ended only if that has. 0: none. -1: there
   * will be one that is not known yet.
   */
  readonly processGroup: number;
  /** A number that grows with every acquisition of this lock, as decimal text. */
  readonly fencingToken: string;
  /** Milliseconds after the lease in which only the same `ownerId` may take the lock over. */
  readonly graceMs: number;
  /** The id of the holder's private folder, which others remove before they change the record. Empty: none. */
  readonly via: string;
  /** The user of the operating system that holds the lock. Empty: the holder did not say. */
  readonly user: string;
  /** The command that runs under the lock, word by word. Empty: the holder did not say. */
  readonly command: readonly string[];
  /** The program that holds the lock, and its version. Empty: the holder did not say. */
  readonly tool: string;
  /** The lock before this one, if a person ended it while it was held: so its holder learns why, when it looks. */
  readonly ended: EndedLock | undefined;
  /** The holder's own data: plain JSON, at most 64 levels deep. */
  readonly note: Readonly<Record<string, unknown>> | undefined;
  /** How far the holder's work has come. Undefined: it has not said. */
  readonly progress: LockProgress | undefined;
  /** Whether the lock is free. Such a record is called a tombstone. */
  readonly released: boolean;
}

/** A lock that was ended by somebody else than its holder. */
export interface EndedLock {
  /** The `lockId` of the acquisition that was ended. */
  readonly lockId: string;
  /** Who ended it. */
  readonly by: string;
  /** Why, in the words of that person. */
  readonly reason: string;
}

/** A longer file is no record, even when it is well formed. */
export const MAX_RECORD_BYTES = 65_536;

const NS_PER_MS = 1e6;
// The largest double that Go's time.Duration can still hold.
const MAX_TTL_NS = 2 ** 63 - 1024;
const GO_ZERO_TIME = '0001-01-01T00:00:00Z';
const NOTE_LEVELS = 64;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The bytes of a lock file. The first five members are byte for byte what Go's `c2fo/vfs` writes; it ignores the others. Throws
 * `ERR_LOCK_OPTION` when the note is no plain JSON object, or the record would have more than 64 KiB.
 */
export function encodeRecord(record: LockRecord): Uint8Array {
  const members =
    goMember('createdAt', record.createdAt === undefined ? GO_ZERO_TIME : goTime(record.createdAt)) +
    goMember('ttl', goDuration(record.ttlMs)) +
    goMember('hostname', record.hostname) +
    goMember('pid', record.pid) +
    goMember('ownerId', record.ownerId || undefined) +
    goMember('lockId', record.lockId || undefined) +
    goMember('nonce', record.nonce || undefined) +
    goMember('lease', record.leaseMs === record.ttlMs ? undefined : milliseconds(record.leaseMs)) +
    goMember('renewedAt', record.renewedAt && goTime(record.renewedAt)) +
    goMember('renewals', record.renewals || undefined) +
    unchangingMembers(record);
  const data = Buffer.from(`{${members.slice(1)}\n}`);
  if (data.length <= MAX_RECORD_BYTES) return data;
  throw new LockOptionError(
    `the lock record takes ${data.length} bytes with this ownerId and note; at most ${MAX_RECORD_BYTES} are allowed`,
  );
}

/** The members of which the text is kept. All are text or numbers, so that equal values give equal texts. */
const KEPT = [
  ...(['bootId', 'machineId', 'processStart', 'namespace', 'processGroup', 'fencingToken'] as const),
  ...(['graceMs', 'via', 'user', 'tool', 'released'] as const),
];

/** The last record with such members only, and their text: they are the same in all renewals, and mostly in all locks of a process. */
let kept: LockRecord | undefined;
let keptText = '';

function unchangingMembers(record: LockRecord): string {
  const { command, ended, note, progress } = record;
  if (command.length > 0 || ended || note || progress) return lastMembers(record);
  if (KEPT.some((name) => record[name] !== kept?.[name])) {
    keptText = lastMembers(record);
    kept = record;
  }
  return keptText;
}

function lastMembers(record: LockRecord): string {
  return (
    goMember('bootId', record.bootId || undefined) +
    goMember('machineId', record.machineId || undefined) +
    goMember('processStart', record.processStart || undefined) +
    goMember('namespace', record.namespace || undefined) +
    goMember('processGroup', record.processGroup || undefined) +
    goMember('fencingToken', record.fencingToken || undefined) +
    goMember('grace', record.graceMs || undefined) +
    goMember('via', record.via || undefined) +
    goMember('user', record.user || undefined) +
    goMember('command', record.command.length > 0 ? record.command : undefined) +
    goMember('tool', record.tool || undefined) +
    goMember('ended', record.ended) +
    goMember('note', record.note && plainNote(record.note)) +
    goMember('progress', record.progress && progressJson(record.progress)) +
    goMember('released', record.released || undefined)
  );
}

/**
 * Decodes a lock file of this library or of either version of Go's `c2fo/vfs`. Undefined: it is unreadable, that is, empty,
 * incomplete, not UTF-8 (a byte order mark included), not one JSON object, of the wrong types, or over 64 KiB. Never throws.
 */
export function decodeRecord(data: Uint8Array): LockRecord | undefined {
  if (data.byteLength > MAX_RECORD_BYTES) return undefined;
  try {
    return recordOf(JSON.parse(utf8.decode(data)));
  } catch {
    return undefined;
  }
}

/** Untrusted text made safe for a terminal: control, format (bidi) and line-breaking characters become escapes like `\u{1b}`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

function recordOf(json: unknown): LockRecord {
  if (!isObject(json)) throw new TypeError('not an object');
  const text = (name: string): string => field(json, name, isText) ?? '';
  const either = (name: string, oldName: string): string => [text(name), text(oldName)].find(Boolean) ?? '';
  const ttl = field(json, 'ttl', isCount);
  const lease = field(json, 'lease', isSpan);
  const ttlMs = endless(ttl === undefined ? lease : ttl / NS_PER_MS);
  return {
    createdAt: readGoTime(either('createdAt', 'created_at')),
    ttlMs,
    leaseMs: lease === undefined ? ttlMs : endless(lease),
    hostname: text('hostname'),
    pid: field(json, 'pid', isInteger) ?? 0,
    ownerId: either('ownerId', 'owner_id'),
    lockId: text('lockId'),
    nonce: text('nonce'),
    renewedAt: readGoTime(text('renewedAt')),
    renewals: field(json, 'renewals', isCount) ?? 0,
    bootId: text('bootId'),
    machineId: text('machineId'),
    processStart: text('processStart'),
    namespace: text('namespace'),
    processGroup: field(json, 'processGroup', isInteger) ?? 0,
    fencingToken: text('fencingToken'),
    graceMs: field(json, 'grace', isSpan) ?? 0,
    via: text('via'),
    user: text('user'),
    command: field(json, 'command', isWords) ?? [],
    tool: text('tool'),
    ended: endedOf(field(json, 'ended', isObject)),
    note: field(json, 'note', isNote),
    progress: progressOf(json.progress),
    released: field(json, 'released', isFlag) ?? false,
  };
}

function endedOf(json: Json | undefined): EndedLock | undefined {
  const text = (name: string): string => (json && field(json, name, isText)) ?? '';
  return json && { lockId: text('lockId'), by: text('by'), reason: text('reason') };
}

function field<T>(json: Json, name: string, is: (value: unknown) => value is T): T | undefined {
  if (!Object.hasOwn(json, name)) return undefined;
  const value = json[name];
  if (is(value)) return value;
  throw new TypeError(`${name} has the wrong type`);
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
const isInteger = (value: unknown): value is number => Number.isInteger(value);
const isSpan = (value: unknown): value is number => Number.isFinite(value) && (value as number) >= 0;
const isCount = (value: unknown): value is number => isInteger(value) && value >= 0;
const isWords = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);
const isNote = (value: unknown): value is Json => isObject(value) && isShallow(value, NOTE_LEVELS);

/** A copy of a note as JSON keeps it. Throws `ERR_LOCK_OPTION` when JSON cannot, or when it is nested too deeply. */
export function plainNote(note: Json): Json {
  return plainObject('note', note, NOTE_LEVELS);
}

function endless(ms: number | undefined): number {
  if (ms === undefined) throw new TypeError('neither a ttl nor a lease');
  return ms === 0 ? Infinity : ms;
}

/** 0 means "never" in the file, so a span of 0 is written as the shortest span instead. */
function milliseconds(ms: number): number {
  return ms === Infinity ? 0 : Math.max(Math.ceil(ms), 1);
}

function goDuration(ms: number): number {
  return ms === Infinity ? 0 : Math.min(Math.max(Math.round(ms * NS_PER_MS), 1), MAX_TTL_NS);
}
