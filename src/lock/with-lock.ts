import type { VfsFile } from '../vfs/file.js';
import { acquireLock } from './lock.js';
import type { Lockfile } from './lockfile.js';
import { checkCallback } from '../util/option-check.js';
import type { AcquireOptions } from './model/acquire-options.js';
import type { LockOptions } from './model/options.js';
import { runInScope } from './protocol/held-scopes.js';
import { releaseQuietly } from './quiet-release.js';

/**
 * Runs `fn` while the lock of a file is held, and returns its result. The lock is renewed in the background until `fn` is done,
 * and released whether `fn` succeeds or fails. Locks are not re-entrant: `fn`, and all that it starts, cannot wait for this lock
 * while it is held. An error of `fn` is never replaced by another one. When the store fails at the
 * release, that is a process warning and no error, and the lock ends with its lease.
 *
 * @throws {LockLostError} `ERR_LOCK_LOST`: `fn` succeeded, but the lock was lost meanwhile, so others may have held it too. Pass
 *   `lock.signal` on to end such work early.
 * @throws {LockHeldError} `ERR_LOCK_HELD`: somebody else holds the lock and `wait` is 0.
 * @throws {LockTimeoutError} `ERR_LOCK_TIMEOUT`: the lock did not become free within `wait`.
 * @throws {LockForeignError} `ERR_LOCK_FOREIGN`: what stands in the lock's place belongs to another program.
 * @throws {LockTokenError} `ERR_LOCK_TOKEN`: with `fencing`, the count of tokens in the lock file is unusable.
 * @throws {LockReentrantError} `ERR_LOCK_REENTRANT`: the caller runs inside `withLock` of this lock, and would wait for itself.
 * @throws {LockOptionError} `ERR_LOCK_OPTION`: an option is unusable or unknown, or `fn` is no function.
 * @throws {VfsError} The path or URI is unusable, the store cannot exclude others, or it failed.
 * @throws The reason of `signal` when it aborts during the wait, and whatever `fn` or `onStale` throws.
 * @example
 * const total = await withLock('inbox/orders.csv', async (file, lock) => {
 *   const stream = file.readStream({ signal: lock.signal });
 *   return await importOrders(stream);
 * });
 */
export async function withLock<T>(
  file: string | URL | VfsFile,
  fn: (file: VfsFile, lock: Lockfile) => T | Promise<T>,
  options?: LockOptions & AcquireOptions,
): Promise<T> {
  checkCallback('fn', fn, 'withLock(file, fn, options)');
  const lock = await acquireLock('withLock', file, options);
  let result: T;
  try {
    result = await runInScope(lock, () => fn(lock.file, lock));
  } catch (error) {
    await releaseQuietly(lock);
    throw error;
  }
  await releaseQuietly(lock);
  if (lock.loss) throw lock.loss;
  return result;
}
