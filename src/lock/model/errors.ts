import type { LockRecord } from './record.js';

/** Who stood in the way. Ages are milliseconds by the store's clock, undefined where it cannot be told. */
export interface LockContention {
  /** The lock file, as a person finds it. */
  readonly path: string;
  /** The holder's record; undefined when it is unreadable or was gone by the time it was read. */
  readonly record: LockRecord | undefined;
  readonly ageMs: number | undefined;
  /** Milliseconds until the lock goes stale unless renewed; Infinity when it never does. */
  readonly expiresInMs: number | undefined;
}

abstract class ObstructedError extends Error implements LockContention {
  readonly path: string;
  readonly record: LockRecord | undefined;
  readonly ageMs: number | undefined;
  readonly expiresInMs: number | undefined;

  constructor(message: string, obstacle: LockContention, options?: ErrorOptions) {
    super(message, options);
    this.path = obstacle.path;
    this.record = obstacle.record;
    this.ageMs = obstacle.ageMs;
    this.expiresInMs = obstacle.expiresInMs;
  }
}

/** Somebody else holds the lock, and no waiting was asked for. */
export class LockHeldError extends ObstructedError {
  override readonly name = 'LockHeldError';
  readonly code = 'ERR_LOCK_HELD';
}

/** The lock did not become free within `wait`. */
export class LockTimeoutError extends ObstructedError {
  override readonly name = 'LockTimeoutError';
  readonly code = 'ERR_LOCK_TIMEOUT';
}

/**
 * How a held lock was lost: `'expired'`: it could not be renewed before its deadline; `'stolen'`: somebody else's record is
 * in its place; `'removed'`: the lock file is gone, or says that the lock is free.
 */
export type LossReason = 'expired' | 'stolen' | 'removed';

/** The lock was lost while it was held. `cause` is what kept it from being renewed, where that is known. */
export class LockLostError extends Error {
  override readonly name = 'LockLostError';
  readonly code = 'ERR_LOCK_LOST';
  readonly reason: LossReason;
  readonly path: string;

  constructor(path: string, reason: LossReason, options?: ErrorOptions) {
    super(`lost the lock ${path}: ${LOSS_WORDS[reason]}`, options);
    this.path = path;
    this.reason = reason;
  }
}

const LOSS_WORDS: Readonly<Record<LossReason, string>> = {
  expired: 'it was not renewed before its lease ended',
  stolen: "somebody else's record is in its place",
  removed: 'the lock file is gone or says that it is free',
};

/** The lock is not held by this object: it was never acquired, or it was released. */
export class LockNotHeldError extends Error {
  override readonly name = 'LockNotHeldError';
  readonly code = 'ERR_LOCK_NOT_HELD';
}
