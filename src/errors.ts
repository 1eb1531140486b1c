import type { LockRecord } from './lock-record.js';

/** Whether a failed operation can have changed the store: `'unknown'` has to be settled by reading. */
export type Effect = 'none' | 'unknown';

export type VfsErrorCode =
  | 'ERR_VFS_ABORTED'
  | 'ERR_VFS_DENIED'
  | 'ERR_VFS_EXISTS'
  | 'ERR_VFS_FULL'
  | 'ERR_VFS_HOST_KEY'
  | 'ERR_VFS_IO'
  | 'ERR_VFS_NOT_A_FILE'
  | 'ERR_VFS_NOT_FOUND'
  | 'ERR_VFS_PATH'
  | 'ERR_VFS_UNSUPPORTED'
  | 'ERR_VFS_URI';

/** A store could not do what it was asked. The message names the verb, the path and what was found. */
export class VfsError extends Error {
  override readonly name = 'VfsError';
  readonly code: VfsErrorCode;
  readonly effect: Effect;

  constructor(code: VfsErrorCode, message: string, options: ErrorOptions & { readonly effect?: Effect } = {}) {
    super(message, options);
    this.code = code;
    this.effect = options.effect ?? 'none';
  }
}

/** An option or argument is unusable. Thrown before any I/O. */
export class LockOptionError extends Error {
  override readonly name = 'LockOptionError';
  readonly code = 'ERR_LOCK_OPTION';
}

/** Who stood in the way. Ages are milliseconds by the store's clock, undefined where it cannot be told. */
export interface Obstacle {
  /** The lock file, as a person finds it. */
  readonly path: string;
  /** The holder's record; undefined when it is unreadable or was gone by the time it was read. */
  readonly record: LockRecord | undefined;
  readonly ageMs: number | undefined;
  /** Milliseconds until the lock goes stale unless renewed; Infinity when it never does. */
  readonly expiresInMs: number | undefined;
}

abstract class ObstructedError extends Error implements Obstacle {
  readonly path: string;
  readonly record: LockRecord | undefined;
  readonly ageMs: number | undefined;
  readonly expiresInMs: number | undefined;

  constructor(message: string, obstacle: Obstacle, options?: ErrorOptions) {
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

/** Whether `error` leaves open that the store was changed. What is not a `VfsError` leaves everything open. */
export function effectOf(error: unknown): Effect {
  return error instanceof VfsError ? error.effect : 'unknown';
}
