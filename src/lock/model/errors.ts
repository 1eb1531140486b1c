import { beginningText, type ForeignLock } from './foreign.js';
import { printable, type EndedLock, type LockRecord } from './record.js';
import type { Waiter } from './waiter.js';

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
  /** Who else has announced that it waits, the longest first. Undefined: the caller did not `announce` its own wait, or nobody knows. */
  readonly waiters?: readonly Waiter[] | undefined;
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
  /** Who else has announced that it waits, the longest first. Undefined: the caller did not `announce` its own wait, or nobody knows. */
  readonly waiters: readonly Waiter[] | undefined;

  constructor(message: string, contention: LockContention, options?: ErrorOptions) {
    super(message, options);
    this.path = contention.path;
    this.record = contention.record;
    this.ageMs = contention.ageMs;
    this.expiresInMs = contention.expiresInMs;
    this.inThisProcess = contention.inThisProcess;
    this.foreign = contention.foreign;
    this.waiters = contention.waiters;
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
  /** How long the caller waited, in milliseconds: its `wait`. */
  readonly waitMs: number;

  /** The message says at its end how long the caller waited. */
  constructor(message: string, contention: LockContention, options: ErrorOptions & { readonly waitMs: number }) {
    super(`${message}; gave up after ${String(options.waitMs)} ms`, contention, options);
    this.waitMs = options.waitMs;
  }
}

/**
 * How a held lock was lost. `'expired'`: it was not renewed before its deadline. `'stolen'`: somebody else's record is in its
 * place. `'removed'`: the lock file is gone, or says that the lock is free. `'max-hold'`: it was held for its `maxHold`; others get
 * it when its lease has ended.
 */
export type LossReason = 'expired' | 'stolen' | 'removed' | 'max-hold';

/** How a lock was lost, and who ended it by hand, if anybody did. */
export interface Loss {
  /** How it was lost. */
  readonly reason: LossReason;
  /** Who ended it by hand, and why. */
  readonly ended?: EndedLock | undefined;
  /** Why it was not renewed in time, in words. */
  readonly why?: string | undefined;
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
  constructor(path: string, reason: LossReason, options: ErrorOptions & Pick<Loss, 'ended' | 'why'> = {}) {
    super(`lost the lock ${path}: ${lossText({ ...options, reason })}`, options);
    this.path = path;
    this.reason = reason;
    this.ended = options.ended;
  }
}

function lossText({ reason, ended, why }: Loss): string {
  if (ended === undefined) return why === undefined ? LOSS_WORDS[reason] : `${LOSS_WORDS[reason]}: ${why}`;
  const words = ended.reason === '' ? '' : `: ${printable(ended.reason)}`;
  return `it was ended by ${printable(ended.by) || 'somebody'}${words}`;
}

const LOSS_WORDS: Readonly<Record<LossReason, string>> = {
  expired: 'it was not renewed before its lease ended',
  stolen: "somebody else's record is in its place",
  removed: 'the lock file is gone or says that it is free',
  'max-hold': 'it was held for as long as its maxHold allows',
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

/** Why no fencing token can be given out: the count in the lock file cannot be read, is no number that can be counted on, or is at its end. */
export type TokenProblem = 'unreadable' | 'unusable' | 'exhausted';

/**
 * The lock has no usable count of fencing tokens, so that a new token might have been given out before. The lock is left alone until
 * a person repairs the lock file. Only callers with `fencing` get this error.
 */
export class LockTokenError extends Error {
  /** The name of this class. */
  override readonly name = 'LockTokenError';
  /** Identifies this kind of error; stable over versions, unlike the message. */
  readonly code = 'ERR_LOCK_TOKEN';
  /** The display path of the lock file. */
  readonly path: string;
  /** What is wrong with the count. */
  readonly reason: TokenProblem;

  /** `path` is the display path of the lock file, `token` what stands there. */
  constructor(path: string, reason: TokenProblem, token: string) {
    super(`cannot count the fencing tokens of the lock ${printable(path)}: ${tokenWords(reason, token)}`);
    this.path = path;
    this.reason = reason;
  }
}

const LONGEST_SHOWN_TOKEN = 40;

function tokenWords(reason: TokenProblem, token: string): string {
  const shown = printable(JSON.stringify(token.slice(0, LONGEST_SHOWN_TOKEN)));
  const repair =
    'write a fencingToken into it that is higher than all that were given out, as text, from "1" to "9223372036854775807"';
  if (reason === 'unreadable')
    return `its file is empty or incomplete; write a record with a higher token, or remove the file when no old token is in use`;
  return reason === 'unusable' ? `${shown} is no token; ${repair}` : `${shown} is the last one; lock another file`;
}

/**
 * A commit or publication was refused: somebody else has the lock by now, or a higher token has written there. Nothing was changed.
 */
export class FencedError extends Error {
  /** The name of this class. */
  override readonly name = 'FencedError';
  /** Identifies this kind of error; stable over versions, unlike the message. */
  readonly code = 'ERR_FENCED';
  /** The display path of what was not written. */
  readonly path: string;
  /** The token of the caller. */
  readonly token: bigint;
  /** The token of whoever came later. Undefined: the lock file is gone or has none, or the lock was released meanwhile. */
  readonly by: bigint | undefined;

  /** `path` is the display path of what was not written. */
  constructor(path: string, token: bigint, by: bigint | undefined) {
    const later = by === undefined ? 'is not held by this caller any more' : `has given out ${String(by)} since`;
    super(`refused to write ${printable(path)} with the fencing token ${String(token)}: the lock ${later}`);
    this.path = path;
    this.token = token;
    this.by = by;
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
  return `${path} (${beginningText(size, beginning)}) is no lock of this library and is left alone; lock another file, or name another lock file with lockPath`;
}

function aboutFolder(path: string): string {
  return (
    `${path} is a folder, as other lock libraries such as proper-lockfile make them, and nobody has touched it for a while; ` +
    `it is left alone: when no program uses it, remove it with rmdir`
  );
}
