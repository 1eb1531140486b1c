import { LockTokenError } from './errors.js';
import type { LockRecord } from './record.js';

/** The largest token: the largest number that a signed 64-bit column of a database holds. */
export const LARGEST_TOKEN = 2n ** 63n - 1n;

/** The token of a record. Undefined: it has none, or one that this library does not write. */
export function tokenOf(record: Pick<LockRecord, 'fencingToken'> | undefined): bigint | undefined {
  const text = record?.fencingToken ?? '';
  if (!/^[1-9]\d{0,18}$/.test(text)) return undefined;
  const token = BigInt(text);
  return token <= LARGEST_TOKEN ? token : undefined;
}

/** What stood in the lock file before an acquisition: its record, if it could be read. */
interface Before {
  readonly record: LockRecord | undefined;
}

/** What the next acquisition of a lock counts from. */
export interface Count {
  /** The display path of the lock file. */
  readonly path: string;
  /** The highest token of this lock that this process has seen; 0: none. */
  readonly known: bigint;
  /** Whether the caller needs a token. One that does not still goes on counting where somebody counts. */
  readonly fencing: boolean;
}

/**
 * The token of the next acquisition, as text for its record; empty: nobody counts here. `before` undefined: there is no lock file.
 * Throws `ERR_LOCK_TOKEN` where a token is needed and the count cannot be read: it might be given out a second time.
 */
export function nextToken(before: Before | undefined, { path, known, fencing }: Count): string {
  const text = before?.record?.fencingToken ?? '';
  const found = tokenOf(before?.record);
  if (!fencing) return found === undefined || found === LARGEST_TOKEN ? text : String(found + 1n);
  if (before !== undefined && before.record === undefined) throw new LockTokenError(path, 'unreadable', '');
  if (text !== '' && found === undefined) throw new LockTokenError(path, 'unusable', text);
  const highest = found === undefined || found < known ? known : found;
  if (highest === LARGEST_TOKEN) throw new LockTokenError(path, 'exhausted', text);
  return String(highest + 1n);
}
