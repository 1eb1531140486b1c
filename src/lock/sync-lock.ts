import { monotonicMs } from '../util/time.js';
import { VfsError } from '../vfs/errors.js';
import type { VfsFile } from '../vfs/file.js';
import { openLocal } from '../open.js';
import { sleepSync } from '../util/time.js';
import { checkCallback, checkOptions, type OptionKinds } from '../util/option-check.js';
import { LockOptionError } from '../util/option-error.js';
import { isPromiseLike, runSync } from '../util/steps.js';
import { fencingTokenOf } from './fencing-token.js';
import { LockHeldError, LockTimeoutError, type LockContention, type LockLostError } from './model/errors.js';
import { lockPathOf } from './model/lock-path.js';
import { describeContention, type Reclaimed } from './model/holder.js';
import { ACQUIRE_OPTIONS, resolvePoll, resolveWait, type AcquireOptions } from './model/acquire-options.js';
import { LOCK_OPTIONS, resolveLockOptions, type LockOptions } from './model/options.js';
import { Backoff } from './protocol/backoff.js';
import { Contender } from './protocol/contender.js';
import { HeldLock, heldLocks } from './protocol/held-lock.js';
import { refuseReentrance, runInScope } from './protocol/held-scopes.js';
import { takeTurnNow } from './protocol/queue.js';
import { reportAcquired, reportFailed, reportWaiting } from './protocol/report.js';
import { lockTarget, type LockTarget } from './protocol/target.js';
import { releaseQuietlySync } from './quiet-release.js';

/** How long to wait for a lock while the whole thread waits. There is no `signal`, as nothing could abort it meanwhile. */
export type SyncAcquireOptions = Omit<AcquireOptions, 'signal' | 'announce'>;

const SYNC_OPTIONS: OptionKinds<LockOptions & SyncAcquireOptions> = {
  ...LOCK_OPTIONS,
  wait: ACQUIRE_OPTIONS.wait,
  poll: ACQUIRE_OPTIONS.poll,
};
const NO_SIGNAL = { signal: 'nothing could abort it while the thread is blocked; use wait' };

/**
 * Acquires the lock of a file on the local disk (in tests also of one in memory), and blocks this thread until it has it, for at
 * most `wait`. It is renewed in the background only while the event loop runs; code that blocks the thread for longer calls `renew`.
 *
 * @throws {LockHeldError} `ERR_LOCK_HELD`: somebody else holds the lock and `wait` is 0, or another caller in this process has
 *   it, which could not release it while this one blocks the thread.
 * @throws {LockTimeoutError} `ERR_LOCK_TIMEOUT`: the lock did not become free within `wait`.
 * @throws {LockForeignError} `ERR_LOCK_FOREIGN`: what stands in the lock's place belongs to another program.
 * @throws {LockTokenError} `ERR_LOCK_TOKEN`: with `fencing`, the count of tokens in the lock file is unusable.
 * @throws {LockReentrantError} `ERR_LOCK_REENTRANT`: the caller runs inside `withLock` or `withLockSync` of this lock.
 * @throws {LockOptionError} `ERR_LOCK_OPTION`: an option is unusable.
 * @throws {VfsError} `ERR_VFS_UNSUPPORTED`: the store is neither a local disk nor in memory. `ERR_VFS_URI` or `ERR_VFS_PATH`: `file`
 *   names no file. Any other code: the disk failed.
 * @example
 * const lock = lockSync('orders.csv', { wait: '5s' });
 * try {
 *   appendFileSync('orders.csv', 'one more\n');
 * } finally {
 *   lock.release();
 * }
 */
export function lockSync(file: string | URL | VfsFile, options: LockOptions & SyncAcquireOptions = {}): SyncLock {
  checkOptions('lockSync', options, SYNC_OPTIONS, NO_SIGNAL);
  const opened = options.realpath ? openLocal(file).real() : openLocal(file);
  const target = syncTarget(opened, options.lockPath);
  const contender = new Contender(target, resolveLockOptions(options));
  const waitMs = resolveWait(options);
  const pollMs = resolvePoll(options);
  refuseReentrance(target);
  const turn = takeTurnNow(target.queueKey);
  let held: HeldLock | undefined;
  try {
    if (turn === undefined) throw heldHere(contender);
    const backoff = new Backoff(target.vfs.capabilities, pollMs);
    let acquired = runSync(contender.tryCreate({}));
    while (acquired === undefined) {
      if (isHeldHere(contender.contention)) throw heldHere(contender);
      const leftMs = waitMs - (monotonicMs() - contender.startedMs);
      if (leftMs <= 0) throw tooLate(contender, waitMs);
      reportWaiting(contender);
      sleepSync(Math.min(leftMs, backoff.nextMs(contender.contention.expiresInMs ?? 0)));
      acquired = runSync(contender.tryTakeOver({}));
    }
    reportAcquired(contender, acquired);
    held = new HeldLock(target, acquired, contender.options, turn.done);
    return new SyncLock(opened, held, contender.options.fencing);
  } catch (error) {
    reportFailed(contender, error);
    throw error;
  } finally {
    if (held === undefined) turn?.done();
  }
}

/**
 * Runs a synchronous `fn` while the lock of a file on the local disk is held, and returns its result: `withLock` for code that
 * cannot wait for promises. The lock is released whether `fn` returns or throws, and an error of `fn` is never replaced.
 * An `fn` that returns a promise is refused, by its type and when it has returned.
 *
 * @throws {LockLostError} `ERR_LOCK_LOST`: `fn` returned, but the lock was lost meanwhile, so others may have held it too.
 * @throws {LockOptionError} `ERR_LOCK_OPTION`: `fn` returned a promise, whose work began under the lock and goes on without it.
 * @throws As `lockSync` does, before `fn` is called.
 * @example
 * const count = withLockSync('counter.txt', () => {
 *   const next = Number(readFileSync('counter.txt', 'utf8')) + 1;
 *   writeFileSync('counter.txt', String(next));
 *   return next;
 * });
 */
export function withLockSync<T>(
  file: string | URL | VfsFile,
  fn: (file: VfsFile, lock: SyncLock) => T extends PromiseLike<unknown> ? never : T,
  options?: LockOptions & SyncAcquireOptions,
): T {
  checkCallback('fn', fn, 'withLockSync(file, fn, options)');
  const lock = lockSync(file, options);
  let result: T;
  try {
    result = runInScope(lock, () => fn(lock.file, lock));
  } catch (error) {
    releaseQuietlySync(lock);
    throw error;
  }
  releaseQuietlySync(lock);
  if (isPromiseLike(result)) {
    throw new LockOptionError('fn must not return a promise, as the lock is released when fn returns; use withLock');
  }
  if (lock.loss) throw lock.loss;
  return result;
}

/** A held lock on a local file, made by `lockSync`. Its methods have done everything by the time they return. */
export class SyncLock {
  /** The file that is locked. */
  readonly file: VfsFile;
  readonly #held: HeldLock;
  readonly #fencing: boolean;

  /** @internal Use `lockSync`. */
  constructor(file: VfsFile, held: HeldLock, fencing: boolean) {
    this.file = file;
    this.#held = held;
    this.#fencing = fencing;
  }

  /** The display path of the lock file. */
  get path(): string {
    return this.#held.path;
  }

  /** Whether the lock is held now. Its own deadline decides, so it needs no I/O and no timer. */
  get held(): boolean {
    return this.#held.held;
  }

  /** Milliseconds until the lock is lost unless it is renewed; 0 when it is not held, Infinity when its `ttl` is. */
  get remainingMs(): number {
    return this.held ? this.#held.limits.remainingMs : 0;
  }

  /**
   * The fencing token of this acquisition: higher than those of all acquisitions of this lock before it. It is still there after the
   * lock was lost or released.
   *
   * @throws {LockOptionError} `ERR_LOCK_OPTION`: the lock was made without the option `fencing`.
   */
  get fencingToken(): bigint {
    return fencingTokenOf(this.#held, this.#fencing);
  }

  /** How the lock was lost while it was held. Undefined: it was not lost. */
  get loss(): LockLostError | undefined {
    return this.#held.loss;
  }

  /** The stale lock that this one replaced, so that unfinished work can be repaired. Undefined: the lock was free. */
  get reclaimedFrom(): Reclaimed | undefined {
    return this.#held.reclaimed;
  }

  /**
   * Throws unless the lock is held now; call it right before an effect that must not happen twice.
   *
   * @throws {LockLostError} `ERR_LOCK_LOST`: the lock was lost.
   * @throws {LockNotHeldError} `ERR_LOCK_NOT_HELD`: the lock was released.
   */
  assertHeld(): void {
    this.#held.assertHeld();
  }

  /**
   * Says how far the work has come, for others to read; it is written with the next renewal. See `Lockfile.progress`.
   *
   * @throws {LockOptionError} `ERR_LOCK_OPTION`: the value is no plain JSON object of at most 1 KiB and 8 levels.
   * @throws {LockLostError} `ERR_LOCK_LOST`: the lock was lost.
   * @throws {LockNotHeldError} `ERR_LOCK_NOT_HELD`: the lock was released.
   */
  progress(value: Readonly<Record<string, unknown>>): void {
    this.assertHeld();
    this.#held.lease.report(value);
  }

  /**
   * Reads the lock file once, and returns only if this object has held the lock without a gap until now. Call it after the work,
   * before its result is reported. What the work did is not undone.
   *
   * @throws {LockLostError} `ERR_LOCK_LOST`: the lock was lost.
   * @throws {LockNotHeldError} `ERR_LOCK_NOT_HELD`: the lock was released.
   * @throws {VfsError} The lock file cannot be read.
   */
  confirm(): void {
    this.#held.confirmSync();
  }

  /**
   * Renews the lease now, so that it lasts a whole `ttl` from here. Needed by code that blocks the thread for more than a third
   * of `ttl`, as no background renewal runs meanwhile.
   *
   * @throws {LockLostError} `ERR_LOCK_LOST`: the lock was lost.
   * @throws {LockNotHeldError} `ERR_LOCK_NOT_HELD`: the lock was released.
   * @throws {VfsError} The disk failed; the lock may still be held until its deadline.
   */
  renew(): void {
    this.#held.renewSync();
  }

  /**
   * Releases the lock. True: it was held until now, by its own deadline. False: it was lost or released before, and no lock of
   * anybody else was changed.
   *
   * @throws {VfsError} The disk failed; the lock ends with its lease, unless a second call succeeds.
   */
  release(): boolean {
    return this.#held.releaseSync();
  }

  /** Releases the lock at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.release();
  }
}

function syncTarget(file: VfsFile, lockPath: LockOptions['lockPath']): LockTarget {
  const { vfs } = file;
  if (vfs.sync) return lockTarget(vfs, vfs.sync, lockPathOf(file, lockPath));
  const message = `cannot lock ${file.toString()} synchronously: only the local disk and memory have a synchronous side`;
  throw new VfsError('ERR_VFS_UNSUPPORTED', message);
}

/** Whether this thread holds the lock under another path: it could not release it, nor renew it, while it is blocked. */
function isHeldHere({ record }: LockContention): boolean {
  return record !== undefined && [...heldLocks].some((each) => each.held && each.lease.record.lockId === record.lockId);
}

function heldHere(contender: Contender): LockHeldError {
  contender.queued = true;
  return new LockHeldError(describeContention(contender.contention), contender.contention);
}

function tooLate({ contention }: Contender, waitMs: number): LockHeldError | LockTimeoutError {
  const message = describeContention(contention);
  if (waitMs === 0) return new LockHeldError(message, contention);
  return new LockTimeoutError(message, contention, { waitMs });
}
