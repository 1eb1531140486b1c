import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

import { LockOptionError } from '../../util/option-error.js';

/** What can be locked without being a file. Numbers have to be safe integers. */
export type NamedId = string | number | bigint | Uint8Array;

const READABLE_NAME_LENGTH = 120;

/**
 * The path for an id that is no file. Different ids have different paths, also on stores that ignore case or normalise Unicode:
 * all characters but `a-z 0-9 _ -` are escaped, and the first letter names the type.
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
