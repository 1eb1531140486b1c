import { isDeepStrictEqual } from 'node:util';

import { LockOptionError } from '../../util/option-error.js';
import { goJson, goTime, readGoTime } from './go-json.js';
import { isObject, isShallow, plainObject, type Json } from './plain-json.js';

/** How far the work under a lock has come, as its holder said with its last renewal. Do not trust it: a holder can write anything. */
export interface LockProgress {
  /** When it was reported, by the holder's clock. */
  readonly at: Date;
  /** What was reported: plain JSON, at most 8 levels deep. */
  readonly value: Readonly<Record<string, unknown>>;
}

/** What a progress may take in a lock file. */
export const MAX_PROGRESS_BYTES = 1024;

const LEVELS = 8;

/**
 * The progress that follows `last`: `value` from now on, or `last` itself where `value` says nothing new. Throws `ERR_LOCK_OPTION`
 * when it is no plain JSON object, or takes more than `roomBytes`.
 */
export function nextProgress(
  last: LockProgress | undefined,
  value: unknown,
  at: Date,
  roomBytes: number,
): LockProgress {
  const plain = plainObject('progress', value, LEVELS);
  const bytes = Buffer.byteLength(goJson(plain));
  const most = Math.min(MAX_PROGRESS_BYTES, roomBytes);
  if (bytes > most) {
    throw new LockOptionError(
      `progress must take at most ${String(most)} bytes in the lock file, not ${String(bytes)}`,
    );
  }
  return last && isDeepStrictEqual(last.value, plain) ? last : { at, value: plain };
}

/** What `encodeRecord` writes. */
export function progressJson({ at, value }: LockProgress): Json {
  return { at: goTime(at), value };
}

/** The progress in a lock file. Undefined: there is none, or none that this library could have written. */
export function progressOf(json: unknown): LockProgress | undefined {
  if (!isObject(json) || typeof json.at !== 'string' || !isObject(json.value)) return undefined;
  const { value } = json;
  const at = readGoTime(json.at);
  if (at === undefined || !isShallow(value, LEVELS)) return undefined;
  return Buffer.byteLength(goJson(value)) <= MAX_PROGRESS_BYTES ? { at, value } : undefined;
}

/** What is needed of a record to know since when its holder has reported no progress. */
interface Reporting {
  readonly createdAt: Date | undefined;
  readonly leaseMs: number;
  readonly progress: LockProgress | undefined;
}

/**
 * Milliseconds since the holder reported progress, from the age of the lock by the store's clock: the two timestamps come from one
 * clock, so their difference is right on every machine. Undefined: it never did, or nobody knows when.
 */
export function progressAgeMs(record: Reporting | undefined, ageMs: number | undefined): number | undefined {
  if (record?.progress === undefined || record.createdAt === undefined || ageMs === undefined) return undefined;
  const { createdAt, progress } = record;
  return Math.min(ageMs, Math.max(0, ageMs - (progress.at.getTime() - createdAt.getTime())));
}
