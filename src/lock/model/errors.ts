import type { LockRecord } from './record.js';

/** Who holds a lock that somebody else wants, and for how long. Times are in milliseconds of the store's clock. */
export interface LockContention {
  /** The display path of the lock file. */
  readonly path: string;
  /** The holder's record. Undefined: it is unreadable, or the lock was gone by the time it was read. */
  readonly record: LockRecord | undefined;
  /** Milliseconds since the lock was acquired; a lower bound where the store has no clock. Undefined: the lock was not read. */
  readonly ageMs: number | undefined;
  /** Milliseconds until the lock goes stale unless it is renewed; Infinity when it never does. Undefined: it was not read. */
  readonly expiresInMs: number | undefined;
  /** Another caller in this process holds the lock, or waits for it and comes first. */
  readonly inThisProcess: boolean;
}

abstract class ContentionError extends Error implements LockContention {
  /** The display path of the lock file. */
  readonly path: string;
  /** The holder's record. Undefined: it is unreadable, or the lock was gone by the time it was read. */
  readonly record: LockRecord | undefined;
  /** Milliseconds since the lock was acquired. Undefined: the lock was not read. */
  readonly ageMs: number | undefined;
  /** Milliseconds until the lock goes stale unless it is renewed; Infinity when it never does. Undefined: it was not read. */
  readonly expiresInMs: number | undefined;
  /** Another caller in this process holds the lock, or waits for it and comes first. */
  readonly inThisProcess: boolean;

  constructor(message: string, contention: LockContention, options?: ErrorOptions) {
    super(message, options);
    this.path = contention.path;
    this.record = contention.record;
    this.ageMs = contention.ageMs;
    this.expiresInMs = contention.expiresInMs;
    this.inThisProcess = contention.inThisProcess;
  }
}

/** Somebody else holds the lock, and the caller did not want to wait (`wait: 0`), or cannot wait for itself. */
export class LockHeldError extends ContentionError {
  /** The name of this class. */
  override readonly name = 'LockHeldError';
  /** Identifies this kind of error; stable over versions, unlike the message. */
  readonly code = 'ERR_LOCK_HELD';
}

/** The lock did not become free within `wait`. */
export class LockTimeoutError extends ContentionError {
  /** The name of this class. */
  override readonly name = 'LockTimeoutError';
  /** Identifies this kind of error; stable over versions, unlike the message. */
  readonly code = 'ERR_LOCK_TIMEOUT';
}

/**
 * How a held lock was lost. `'expired'`: it was not renewed before its deadline. `'stolen'`: somebody else's record is in its
 * place. `'removed'`: the lock file is gone, or says that the lock is free.
 */
export type LossReason = 'expired' | 'stolen' | 'removed';

/** The lock was lost while it was held, so somebody else may hold it. `cause` is the error that prevented its renewal, if any. */
export class LockLostError extends Error {
  /** The name of this class. */
  override readonly name = 'LockLostError';
  /** Identifies this kind of error; stable over versions, unlike the message. */
  readonly code = 'ERR_LOCK_LOST';
  /** How it was lost. */
  readonly reason: LossReason;
  /** The display path of the lock file. */
  readonly path: string;

  /** `path` is the display path of the lock file. */
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

/** The lock is not held by this object: it was never acquired, or it was released, also while it was being acquired. */
export class LockNotHeldError extends Error {
  /** The name of this class. */
  override readonly name = 'LockNotHeldError';
  /** Identifies this kind of error; stable over versions, unlike the message. */
  readonly code = 'ERR_LOCK_NOT_HELD';
}

/**
 * The caller runs inside `withLock` or `withLockSync` of this very lock and asks for it again: it would wait for itself, since
 * locks are not re-entrant. Pass the lock that `fn` gets on to the inner code, or leave the inner call out.
 */
export class LockReentrantError extends Error {
  /** The name of this class. */
  override readonly name = 'LockReentrantError';
  /** Identifies this kind of error; stable over versions, unlike the message. */
  readonly code = 'ERR_LOCK_REENTRANT';
  /** The display path of the lock file. */
  readonly path: string;

  /** `path` is the display path of the lock file. */
  constructor(path: string) {
    super(`this code runs under the lock ${path} already, and would wait for itself: locks are not re-entrant`);
    this.path = path;
  }
}
