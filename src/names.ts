import { createHash, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';

import { LockOptionError } from './errors.js';

export const LOCK_SUFFIX = '.lock';
export const GUARD_SUFFIX = '.guard';
const STAGED_PREFIX = '.vfs-lockfile-';

/** The sidecar of a file. */
export function lockPath(path: string): string {
  return path + LOCK_SUFFIX;
}

/** The directory whose single entry may change a lock file, on stores that swap under a guard. */
export function guardPath(lock: string): string {
  return lock + GUARD_SUFFIX;
}

/** A private name beside `path`, found by nobody but `sweep`. */
export function stagedPath(path: string, id: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1) + STAGED_PREFIX + id;
}

/** The id in a private name. */
export function entryOf(staged: string): string {
  return staged.slice(staged.lastIndexOf('/') + 1 + STAGED_PREFIX.length);
}

/** Where the old file of a guarded removal ends up: beside its door, the entry, or inside where that is a directory. */
export function takenName(entry: string): string {
  return `${entry}.taken`;
}

/** By how much the path of a private name, or of what stands in it or in a guard, may be longer than the path it serves. */
export const PRIVATE_NAME_BYTES = 96;

/** Whether a file's name is one of ours: a lock, a guard, or a staged leftover. */
export function isOurName(name: string): boolean {
  return name.endsWith(LOCK_SUFFIX) || name.endsWith(LOCK_SUFFIX + GUARD_SUFFIX) || name.startsWith(STAGED_PREFIX);
}

let pool = '';

/** 128 random bits in hexadecimal, never handed out twice. */
export function freshId(): string {
  if (pool.length < 32) pool = randomBytes(1024).toString('hex');
  const id = pool.slice(-32);
  pool = pool.slice(0, -32);
  return id;
}

/** What can be locked without being a file. */
export type NamedId = string | number | bigint | Uint8Array;

const READABLE_NAME_LENGTH = 120;

/**
 * The path that stands for an id that is no file. Distinct ids have distinct paths, also where file names ignore case or
 * normalise unicode: only `a-z 0-9 _ -` stand for themselves, and the first letter tells the type.
 */
export function namedPath(id: NamedId): string {
  const [type, bytes] = bytesOf(id);
  const readable = type + Array.from(bytes, escapeByte).join('');
  if (readable.length <= READABLE_NAME_LENGTH) return readable;
  return `h-${createHash('sha256').update(type).update(bytes).digest('hex')}`;
}

function bytesOf(id: NamedId): [string, Uint8Array] {
  if (typeof id === 'string') {
    // A lone surrogate has no UTF-8 of its own: two different ones would become the same replacement character.
    return id.isWellFormed() ? ['s-', Buffer.from(id, 'utf8')] : ['u-', Buffer.from(id, 'utf16le')];
  }
  if (typeof id === 'bigint' || (typeof id === 'number' && Number.isSafeInteger(id))) {
    return ['i-', Buffer.from(BigInt(id).toString())];
  }
  if (id instanceof Uint8Array) return ['b-', id];
  throw new LockOptionError(`id must be a string, a safe integer, a bigint or bytes, not ${inspect(id, { depth: 0 })}`);
}

function escapeByte(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[a-z0-9_-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
}
