import type { VfsFile } from '../vfs/file.js';
import { Lockfile } from './lockfile.js';
import type { AcquireOptions, LockOptions } from './model/options.js';
import { releaseQuietly } from './quiet-release.js';

/**
 * Runs `fn` while the lock of `file` is held and hands its result, or its own error, back untouched. Rejects with
 * `LockLostError` when the lock was lost while `fn` ran, though `fn` succeeded; else as `Lockfile.acquire` does.
 */
export async function withLock<T>(
  file: string | URL | VfsFile,
  fn: (file: VfsFile, lock: Lockfile) => T | Promise<T>,
  options: LockOptions & AcquireOptions = {},
): Promise<T> {
  const lock = await Lockfile.open(file, options);
  await lock.acquire(options);
  let result: T;
  try {
    result = await fn(lock.file, lock);
  } catch (error) {
    await releaseQuietly(lock);
    throw error;
  }
  await releaseQuietly(lock);
  if (lock.loss) throw lock.loss;
  return result;
}
