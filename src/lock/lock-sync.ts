import { Contender, type Won } from './protocol/contender.js';
import { LockHeldError, LockTimeoutError } from './model/errors.js';
import { VfsError } from '../vfs/errors.js';
import { tellOfFailing, tellOfWaiting, tellOfWinning } from './protocol/report.js';
import type { VfsFile } from '../vfs/file.js';
import { HeldLock } from './protocol/held-lock.js';
import { describeContention } from './model/holder.js';
import { openLocal } from '../open.js';
import { resolveLockOptions, resolveWait, type AcquireOptions, type LockOptions } from './model/options.js';
import { sleepSync } from '../util/sleep.js';
import { lockTarget } from './protocol/target.js';
import { Backoff } from './protocol/backoff.js';
import { takeTurnNow } from './protocol/queue.js';
import { runSync } from '../util/steps.js';
import { SyncLock } from './sync-lock.js';
import { releaseQuietlySync } from './quiet-release.js';

export { SyncLock };

/** How to wait for a lock while the whole thread waits. */
export type SyncAcquireOptions = Omit<AcquireOptions, 'signal'>;

/**
 * Takes the lock of a local file, blocking this thread for up to `wait`. Throws as `Lockfile.acquire` rejects; at once when
 * another caller in this process has the lock, which could not give it back while this one blocks.
 */
export function lockSync(file: string | URL | VfsFile, options: LockOptions & SyncAcquireOptions = {}): SyncLock {
  const target = openLocal(file);
  const { vfs } = target;
  if (vfs.sync === undefined) {
    throw new VfsError(
      'ERR_VFS_UNSUPPORTED',
      `cannot lock ${target.toString()} synchronously: its store is not a local disk`,
    );
  }
  const place = lockTarget(vfs, vfs.sync, target.path);
  const terms = resolveLockOptions(options);
  const waitMs = resolveWait(options);
  const turn = takeTurnNow(place.queueKey);
  const contender = new Contender(place, terms);
  let won: Won;
  try {
    if (turn === undefined)
      throw new LockHeldError(`another caller in this process has ${place.displayPath}`, contender.contention);
    won = pursueSync(contender, new Backoff(vfs.capabilities), waitMs);
  } catch (error) {
    turn?.done();
    tellOfFailing(contender, error);
    throw error;
  }
  return new SyncLock(target, new HeldLock(place, won.lease, terms.renew, turn.done), won.reclaimed);
}

/** Runs a synchronous `fn` while the lock of a local file is held; the synchronous counterpart of `withLock`. */
export function withLockSync<T>(
  file: string | URL | VfsFile,
  fn: (file: VfsFile, lock: SyncLock) => T,
  options?: LockOptions & SyncAcquireOptions,
): T {
  const lock = lockSync(file, options);
  let result: T;
  try {
    result = fn(lock.file, lock);
  } catch (error) {
    releaseQuietlySync(lock);
    throw error;
  }
  releaseQuietlySync(lock);
  if (lock.loss) throw lock.loss;
  return result;
}

function pursueSync(contender: Contender, poll: Backoff, waitMs: number): Won {
  let tried = runSync(contender.tryCreate({}));
  while (tried.won === undefined) {
    const leftMs = waitMs - (performance.now() - contender.startedMs);
    if (leftMs <= 0) throw tooLate(contender, waitMs);
    tellOfWaiting(contender);
    sleepSync(Math.min(leftMs, poll.nextMs(tried.obstacle.expiresInMs ?? 0)));
    tried = runSync(contender.tryTakeOver({}));
  }
  tellOfWinning(contender, tried.won);
  return tried.won;
}

function tooLate({ contention }: Contender, waitMs: number): LockHeldError | LockTimeoutError {
  const message = describeContention(contention);
  if (waitMs === 0) return new LockHeldError(message, contention);
  return new LockTimeoutError(`${message}; gave up after ${String(waitMs)} ms`, contention);
}
