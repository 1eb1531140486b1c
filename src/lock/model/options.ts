import { durationMs, type Duration } from '../../util/duration.js';
import { LockOptionError } from '../../util/option-error.js';
import { goJson, MAX_RECORD_BYTES, plainNote, type LockRecord } from './record.js';
import type { StaleReason } from './staleness.js';

/** How a lock is held. Durations are milliseconds or strings such as `'5m'`. */
export interface LockOptions {
  /** How long the lock stays valid without a renewal: at least 100 ms, or Infinity. Default `'30s'`. */
  readonly ttl?: Duration;
  /** Renew in the background every third of `ttl`. Default true. */
  readonly renew?: boolean;
  /** Who holds the lock, in your own words, up to 256 characters. Default: nobody in particular. */
  readonly ownerId?: string;
  /** For so long after the lease ended, only the same `ownerId` may take the lock back. Needs a finite `ttl`. Default 0. */
  readonly grace?: Duration;
  /** Asked before a stale lock is taken over; returning false leaves it alone, throwing ends the acquisition. */
  readonly onStale?: StaleHandler;
  /** Anything of yours that JSON can hold, kept in the lock file for others to read. */
  readonly note?: Readonly<Record<string, unknown>>;
  /** The local process whose death frees the lock at once. Default: this one. */
  readonly pid?: number;
}

/** The record is undefined when it is unreadable. Only `false` is a veto. */
export type StaleHandler = (record: LockRecord | undefined, reason: StaleReason) => unknown;

/** How to wait for a lock. */
export interface AcquireOptions {
  /** How long to wait while somebody else holds the lock; 0 fails at once, Infinity waits for ever. Default `'1m'`. */
  readonly wait?: Duration;
  /** Gives up waiting: the acquisition rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** `LockOptions`, checked and with every default filled in. */
export interface ResolvedLockOptions {
  readonly ttlMs: number;
  readonly renew: boolean;
  readonly ownerId: string;
  readonly graceMs: number;
  readonly onStale: StaleHandler | undefined;
  readonly note: Readonly<Record<string, unknown>> | undefined;
  readonly pid: number;
}

const SHORTEST_TTL_MS = 100;

/** In characters. */
export const LONGEST_OWNER = 256;

const MAX_NOTE_BYTES = MAX_RECORD_BYTES / 2;

export function resolveLockOptions(options: LockOptions): ResolvedLockOptions {
  const ttlMs = durationMs(options.ttl ?? '30s', 'ttl', { infinity: true });
  if (ttlMs < SHORTEST_TTL_MS) {
    throw new LockOptionError(`ttl must be at least ${String(SHORTEST_TTL_MS)} ms, not ${String(options.ttl)}`);
  }
  return {
    ttlMs,
    renew: checked('renew', options.renew ?? true, 'boolean'),
    ownerId: ownerOf(options.ownerId ?? ''),
    graceMs: graceOf(options, ttlMs),
    onStale: options.onStale && checked('onStale', options.onStale, 'function'),
    note: noteOf(options.note),
    pid: pidOf(options.pid ?? process.pid),
  };
}

/** Milliseconds to wait for a lock. */
export function resolveWait({ wait = '1m' }: AcquireOptions): number {
  return durationMs(wait, 'wait', { zero: true, infinity: true });
}

/** The signal to wait under; refuses what is none, and throws the reason of one that has aborted. */
export function resolveSignal({ signal }: AcquireOptions): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  if (typeof (signal as Partial<AbortSignal> | null)?.throwIfAborted !== 'function') {
    throw new LockOptionError('signal must be an AbortSignal');
  }
  signal.throwIfAborted();
  return signal;
}

function graceOf({ grace, ttl }: LockOptions, ttlMs: number): number {
  if (grace === undefined) return 0;
  if (ttl === undefined) throw new LockOptionError('grace needs a ttl: it begins where the lease ends');
  if (ttlMs === Infinity)
    throw new LockOptionError('grace needs a finite ttl: a lock without end has nothing to add to');
  return durationMs(grace, 'grace', { zero: true });
}

function ownerOf(ownerId: string): string {
  checked('ownerId', ownerId, 'string');
  if (ownerId.length > LONGEST_OWNER) {
    throw new LockOptionError(
      `ownerId must have at most ${String(LONGEST_OWNER)} characters, not ${String(ownerId.length)}`,
    );
  }
  return ownerId;
}

function pidOf(pid: number): number {
  if (Number.isSafeInteger(pid) && pid > 0) return pid;
  throw new LockOptionError(`pid must be a positive integer, not ${String(pid)}`);
}

/** A copy, so that what is written later is what was checked now, with room left for all that a record says besides. */
function noteOf(note: LockOptions['note']): ResolvedLockOptions['note'] {
  if (note === undefined) return undefined;
  const plain = plainNote(note);
  const bytes = Buffer.byteLength(goJson(plain));
  if (bytes <= MAX_NOTE_BYTES) return plain;
  throw new LockOptionError(`note must take at most ${MAX_NOTE_BYTES} bytes in the lock file, not ${bytes}`);
}

function checked<T>(name: string, value: T, type: 'boolean' | 'function' | 'string'): T {
  if (typeof value === type) return value;
  throw new LockOptionError(`${name} must be a ${type}, not ${typeof value}`);
}
