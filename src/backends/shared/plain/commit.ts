import type { Steps } from '../../../util/steps.js';
import { VfsError } from '../../../vfs/errors.js';
import type { CommitLock } from '../../../vfs/commit.js';
import { guardedSwap, type SwapFiles } from './guarded-swap.js';
import { codeOf, LINKLESS } from './posix-errors.js';

/** The file operations of a commit. */
export interface CommitFiles extends SwapFiles {
  readonly patienceMs: number;
  link(from: string, to: string): Steps<unknown>;
  /** The first `maxBytes` bytes of a file. Undefined: there is none. */
  readContent(path: string, maxBytes: number): Steps<Uint8Array | undefined>;
}

/** The paths of a commit, as the system or server names them. */
export interface CommitPaths {
  readonly lock: string;
  /** The new file, complete, under a private name. */
  readonly staged: string;
  readonly target: string;
}

/**
 * Moves a staged file into its place while nobody else can change the lock, if the lock is ours then. Whoever takes the lock over has
 * to pass the guard: after an eviction the move fails, as its source is gone.
 */
export function commitStaged(
  files: CommitFiles,
  { lock, staged, target }: CommitPaths,
  { maxBytes, isOurs }: Pick<CommitLock, 'maxBytes' | 'isOurs'>,
): Steps<boolean> {
  return guardedSwap(files, {
    lock,
    target,
    patienceMs: files.patienceMs,
    stage: (at) => bring(files, staged, at),
    judge: function* () {
      const content = yield* files.readContent(lock, maxBytes);
      return content !== undefined && isOurs(content);
    },
  });
}

/** By a link, so that the staged file is still there after an eviction. */
function* bring(files: CommitFiles, staged: string, at: string): Steps<void> {
  try {
    yield* files.link(staged, at);
  } catch (error) {
    if (codeOf(error) === 'EXDEV') throw otherFileSystem(error);
    // What an SFTP server answers where it cannot link.
    if (!LINKLESS.includes(codeOf(error)) && codeOf(error) !== 'EIO') throw error;
    yield* move(files, staged, at);
  }
}

function* move(files: CommitFiles, staged: string, at: string): Steps<void> {
  try {
    yield* files.rename(staged, at);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new VfsError(
      'ERR_VFS_IO',
      'cannot commit: it was interrupted for so long that a rival removed the new file; commit again',
      { cause: error },
    );
  }
}

function otherFileSystem(cause: unknown): VfsError {
  const message =
    'cannot commit: the file and its lock are on different file systems; lock with lockPath beside the file';
  return new VfsError('ERR_VFS_UNSUPPORTED', message, { cause });
}
