import { sizeText, type ForeignLock } from './foreign.js';
import { printable, type EndedLock, type LockRecord } from './record.js';

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
  /** What another program has put in the lock's place, which holds the lock for as long as it is touched. */
  readonly foreign?: ForeignLock | undefined;
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
  /** What another program has put in the lock's place, which holds the lock for as long as it is touched. */
  readonly foreign: ForeignLock | undefined;

  constructor(message: string, contention: LockContention, options?: ErrorOptions) {
    super(message, options);
    this.path = contention.path;
    this.record = contention.record;
    this.ageMs = contention.ageMs;
    this.expiresInMs = contention.expiresInMs;
    this.inThisProcess = contention.inThisProcess;
    this.foreign = contention.foreign;
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

/** How a lock was lost, and who ended it by hand, if anybody did. */
export interface Loss {
  /** How it was lost. */
  readonly reason: LossReason;
  /** Who ended it by hand, and why. */
  readonly ended?: EndedLock | undefined;
}

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
  /** Who ended the lock by hand, and why. Do not trust its texts. Undefined: nobody did, as far as the lock file says. */
  readonly ended: EndedLock | undefined;

  /** `path` is the display path of the lock file. */
  constructor(path: string, reason: LossReason, options: ErrorOptions & Pick<Loss, 'ended'> = {}) {
    super(`lost the lock ${path}: ${lossText(reason, options.ended)}`, options);
    this.path = path;
    this.reason = reason;
    this.ended = options.ended;
  }
}

function lossText(reason: LossReason, ended: EndedLock | undefined): string {
  if (ended === undefined) return LOSS_WORDS[reason];
  const why = ended.reason === '' ? '' : `: ${printable(ended.reason)}`;
  return `it was ended by ${printable(ended.by) || 'somebody'}${why}`;
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

/**
 * What stands in the lock's place belongs to another program, such as a `yarn.lock` where the lock of `yarn` would be. It is left
 * alone, whatever its age. A folder, as `proper-lockfile` makes it, counts as a lock that is held for as long as it is touched;
 * once it is not, this is the error.
 */
export class LockForeignError extends Error {
  /** The name of this class. */
  override readonly name = 'LockForeignError';
  /** Identifies this kind of error; stable over versions, unlike the message. */
  readonly code = 'ERR_LOCK_FOREIGN';
  /** The display path of what stands in the lock file's place. */
  readonly path: string;
  /** Whether that is a file or a folder. */
  readonly kind: 'file' | 'folder';
  /** The size of the file in bytes. Undefined: it is a folder, or has more than 64 KiB. */
  readonly size: number | undefined;
  /** The first characters of the file, with control characters escaped. Empty: it is a folder. */
  readonly beginning: string;

  /** `path` is the display path of the lock file. */
  constructor(path: string, { kind, size, beginning }: ForeignLock) {
    super(kind === 'folder' ? aboutFolder(printable(path)) : aboutFile(printable(path), size, beginning));
    this.path = path;
    this.kind = kind;
    this.size = size;
    this.beginning = beginning;
  }
}

function aboutFile(path: string, size: number | undefined, beginning: string): string {
  return `${path} (${sizeText(size)}, begins "${beginning}") is no lock of this library and is left alone; lock another file, or name another lock file with lockPath`;
}

function aboutFolder(path: string): string {
  return (
    `${path} is a folder, as other lock libraries such as proper-lockfile make them, and nobody has touched it for a while; ` +
    `it is left alone: when no program uses it, remove it with rmdir`
  );
}
