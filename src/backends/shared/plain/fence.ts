import { VfsError } from '../../../vfs/errors.js';
import { isHolderEntry, isHolderId, stagedPath } from '../../../vfs/names.js';
import type { Steps } from '../../../util/steps.js';
import { codeOf } from './posix-errors.js';

/** The file operations that a fence is made of; they fail with an error whose `code` is POSIX's. */
export interface FenceFiles {
  rmdir(path: string): Steps<unknown>;
  unlink(path: string): Steps<unknown>;
  /**
   * Runs `work` with the names in a directory and the path by which they are reached, which leads into that very directory even
   * if somebody swaps it for a link meanwhile. Undefined: there is no such directory. Fails with `ENOTDIR` where something else is.
   */
  inside<T>(folder: string, work: (at: string, names: readonly string[]) => Steps<T>): Steps<T | undefined>;
  /** Sleeps; throws when the caller has given up. */
  pause(ms: number): Steps<unknown>;
}

/** Each turn either removes the folder or finds an entry that came in since. Only calls already under way can bring one. */
const MOST_TURNS = 1000;

/** Turns after which the fence sleeps, so that nobody who fills the folder again and again stops this process. */
const TURNS_A_PAUSE = 8;

/**
 * Takes the folder of a holder away. When this returns, no call can ever move a file out of that folder or into it, not even one
 * whose path look-up is over: the kernel marks a removed directory dead, and its id is never used again.
 * Throws `ERR_VFS_NOT_A_FILE` for foreign names in it, and the system's own error where the folder cannot be removed.
 */
export function* fence(files: FenceFiles, lock: string, id: string | undefined): Steps<void> {
  // The id comes from a file that anybody may have written.
  if (id === undefined || !isHolderId(id)) return;
  const folder = stagedPath(lock, id);
  for (let turn = 1; turn <= MOST_TURNS; turn += 1) {
    if (yield* tryRemove(files, folder)) return;
    if (turn % TURNS_A_PAUSE === 0) yield* files.pause(1);
  }
  throw new VfsError('ERR_VFS_IO', `cannot take over ${lock}: its holder keeps filling ${folder}`);
}

/** True: it is gone. False: something was in its way and is not any more. */
function* tryRemove(files: FenceFiles, folder: string): Steps<boolean> {
  try {
    yield* files.rmdir(folder);
    return true;
  } catch (error) {
    switch (codeOf(error)) {
      case 'ENOENT':
        return true;
      case 'ENOTDIR':
        yield* unlinkIfThere(files, folder);
        return false;
      case 'ENOTEMPTY':
      case 'EEXIST':
        yield* empty(files, folder);
        return false;
      default:
        throw error;
    }
  }
}

function* empty(files: FenceFiles, folder: string): Steps<void> {
  try {
    yield* files.inside(folder, function* (at, names): Steps<void> {
      const foreign = names.find((name) => !isHolderEntry(name));
      if (foreign !== undefined) throw foreignName(folder, foreign);
      for (const name of names) yield* unlinkIfThere(files, `${at}/${name}`);
    });
  } catch (error) {
    const code = codeOf(error);
    // Whoever made it was killed, and its owner is not the one who may write here now.
    if (code === 'EACCES' || code === 'EPERM') throw closed(folder, error);
    // Somebody swapped it for something else: the next turn finds that.
    if (code !== 'ENOTDIR') throw error;
  }
}

function* unlinkIfThere(files: FenceFiles, path: string): Steps<void> {
  try {
    yield* files.unlink(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

function closed(folder: string, cause: unknown): VfsError {
  const message = `permission denied to empty ${folder}, which the last holder of the lock left; remove it as its owner or as root`;
  return new VfsError('ERR_VFS_DENIED', message, { cause });
}

/** The error for a name in one of our folders that this library never makes. The file stays, and the message shows its name. */
export function foreignName(folder: string, name: string): VfsError {
  return new VfsError(
    'ERR_VFS_NOT_A_FILE',
    `${folder} contains ${JSON.stringify(name)}, which this library did not make; expected nothing but its own entries. Remove it by hand`,
  );
}
