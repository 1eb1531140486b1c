import type { Steps } from '../../../util/steps.js';
import { VfsError } from '../../../vfs/errors.js';
import { guardPath } from '../../../vfs/names.js';
import { nameOf } from '../../../vfs/path.js';
import type { LeftoverFiles } from './leftovers.js';
import { codeOf } from './posix-errors.js';

/** Every file system in use takes names of this length, in bytes. Encrypted ones (eCryptfs, some NAS) take at most 143. */
const SHORT_BYTES = 120;

/** How a name that is too long is refused: by a disk, and by OpenSSH, which has no status of its own for it. */
const TOO_LONG: readonly string[] = ['ENAMETOOLONG', 'EINVAL'];

/**
 * Throws `ERR_VFS_PATH` where the guard of a lock cannot exist because its name is longer than that of the lock: such a lock could
 * be taken, and then neither taken over nor, after a failure, released.
 */
export function* checkGuardName(files: Pick<LeftoverFiles, 'lstat'>, lock: string): Steps<void> {
  const guard = guardPath(lock);
  const bytes = Buffer.byteLength(nameOf(guard));
  if (bytes <= SHORT_BYTES) return;
  try {
    yield* files.lstat(guard);
  } catch (error) {
    if (!TOO_LONG.includes(codeOf(error))) throw error;
    const message = `cannot create ${lock}: its guard needs a name of ${String(bytes)} bytes, which is too long for this file system`;
    throw new VfsError('ERR_VFS_PATH', message, { cause: error });
  }
}
