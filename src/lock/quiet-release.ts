/** What `releaseQuietly` needs of a lock. */
interface Releasable<R> {
  release(): R;
}

/**
 * Releases a lock after its work is done. When the store fails now, the work has not failed: the error becomes a process warning,
 * and the lock ends with its lease. True: it was held until now, and is released.
 */
export async function releaseQuietly(lock: Releasable<Promise<boolean>>): Promise<boolean> {
  try {
    return await lock.release();
  } catch (error) {
    warnOfRelease(error);
    return false;
  }
}

/** The same for a lock that is released without a promise. */
export function releaseQuietlySync(lock: Releasable<boolean>): void {
  try {
    lock.release();
  } catch (error) {
    warnOfRelease(error);
  }
}

function warnOfRelease(error: unknown): void {
  process.emitWarning(`${String(error)}; it stays locked until its lease ends`, { code: 'VFS_LOCKFILE_RELEASE' });
}
