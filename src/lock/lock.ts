import type { VfsFile } from '../vfs/file.js';
import { checkOptions } from '../util/option-check.js';
import { Lockfile } from './lockfile.js';
import { Acquisition } from './protocol/acquisition.js';
import { ACQUIRE_OPTIONS, type AcquireOptions } from './model/acquire-options.js';
import { LOCK_OPTIONS, type LockOptions } from './model/options.js';

const LOCK_AND_ACQUIRE_OPTIONS = { ...LOCK_OPTIONS, ...ACQUIRE_OPTIONS };

/** A lock that was acquired by `lock`: a `Lockfile` without the methods that acquire it. */
export type HeldLock = Omit<Lockfile, 'acquire' | 'tryAcquire'>;

/**
 * Acquires the lock of a file, waiting for at most `wait`, and returns it held. It is renewed in the background until `release`, or
 * the end of an `await using` block. The end of such a block reports no loss: read `loss`, or call `assertHeld`, before it.
 *
 * @throws {LockHeldError} `ERR_LOCK_HELD`: somebody else holds the lock and `wait` is 0.
 * @throws {LockTimeoutError} `ERR_LOCK_TIMEOUT`: the lock did not become free within `wait`.
 * @throws {LockForeignError} `ERR_LOCK_FOREIGN`: what stands in the lock's place belongs to another program.
 * @throws {LockTokenError} `ERR_LOCK_TOKEN`: with `fencing`, the count of tokens in the lock file is unusable.
 * @throws {LockReentrantError} `ERR_LOCK_REENTRANT`: the caller runs inside `withLock` of this lock, and would wait for itself.
 * @throws {LockOptionError} `ERR_LOCK_OPTION`: an option is unusable or unknown.
 * @throws {VfsError} The path or URI is unusable, the store cannot exclude others, or it failed.
 * @throws The reason of `signal` when it aborts during the wait, and whatever `onStale` throws.
 * @example
 * await using held = await lock('inbox/orders.csv', { wait: '10s' });
 * await importOrders(held.file.readStream({ signal: held.signal }));
 * held.assertHeld();
 */
export function lock(file: string | URL | VfsFile, options?: LockOptions & AcquireOptions): Promise<HeldLock> {
  return acquireLock('lock', file, options);
}

/** The same for `caller`, which error messages name. */
export async function acquireLock(
  caller: string,
  file: string | URL | VfsFile,
  options: LockOptions & AcquireOptions = {},
): Promise<Lockfile> {
  checkOptions(caller, options, LOCK_AND_ACQUIRE_OPTIONS);
  const { wait, poll, announce, signal, ...holding } = options;
  const held = await openToAcquire(file, holding);
  await held.acquire({ wait, poll, announce, signal });
  return held;
}

/** `releaseAll` cancels this too: who waits for a store to open waits for a lock. */
async function openToAcquire(file: string | URL | VfsFile, options: LockOptions): Promise<Lockfile> {
  const opening = new Acquisition();
  try {
    const cancelled = new Promise<never>((_, reject) => opening.onCancel(reject));
    return await Promise.race([Lockfile.open(file, options), cancelled]);
  } finally {
    opening.end();
  }
}
