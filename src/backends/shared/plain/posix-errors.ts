import { constants } from 'node:os';

import { VfsError, type VfsErrorCode } from '../../../vfs/errors.js';
import { folderOf } from '../../../vfs/path.js';

const CODES: Readonly<Record<string, VfsErrorCode>> = {
  EACCES: 'ERR_VFS_DENIED',
  EDQUOT: 'ERR_VFS_FULL',
  EEXIST: 'ERR_VFS_EXISTS',
  EISDIR: 'ERR_VFS_NOT_A_FILE',
  ENAMETOOLONG: 'ERR_VFS_PATH',
  ENOENT: 'ERR_VFS_NOT_FOUND',
  ENOSPC: 'ERR_VFS_FULL',
  ENOTDIR: 'ERR_VFS_NOT_FOUND',
  ENXIO: 'ERR_VFS_NOT_A_FILE',
  EPERM: 'ERR_VFS_DENIED',
  EROFS: 'ERR_VFS_DENIED',
};

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'no space left',
  ENOSPC: 'no space left',
  ENOTDIR: 'a part of its path is a file, not a folder',
  ENXIO: 'it is not a regular file',
  EPERM: 'permission denied (in a sticky directory only the owner of a lock file can replace or remove it)',
  EROFS: 'the file system is read-only',
};

/** Translates a failure that carries the code of a system call into the library's own error. */
export function posixError(verb: string, path: string, cause: unknown, signal?: AbortSignal): VfsError {
  if (cause instanceof VfsError) return cause;
  if (signal?.aborted && (cause === signal.reason || codeOf(cause) === 'ABORT_ERR')) {
    return new VfsError('ERR_VFS_ABORTED', `${verb} ${path}: aborted`, { cause });
  }
  const code = CODES[codeOf(cause)] ?? 'ERR_VFS_IO';
  const words = wordsFor(codeOf(cause), verb, path) ?? (cause instanceof Error ? cause.message : String(cause));
  return new VfsError(code, `cannot ${verb} ${path}: ${words} (${codeOf(cause) || 'no code'})`, { cause });
}

/** The path is that of the lock file, or the one that messages show for it. */
function wordsFor(code: string, verb: string, path: string): string | undefined {
  if (code !== 'ENOENT') return WORDS[code];
  if (verb === 'list') return 'there is no such folder';
  if (verb !== 'create' && verb !== 'lock') return 'it does not exist, or its folder does not';
  return `there is no folder ${folderOf(path) || '/'}; make it first (the locked file itself need not exist)`;
}

/** What stands where a file is expected. The last two would lead to somebody else's file. */
export type NotAFile =
  'a directory' | 'a symbolic link' | 'not a regular file' | 'behind a symbolic link' | 'a file with several names';

/** The refusal to treat something else as a file, with the code that `posixError` understands. */
export function notAFile(found: NotAFile, cause?: unknown): Error {
  const hint = found === 'a directory' ? ', as other lock libraries leave them; remove it when nobody uses it' : '';
  return Object.assign(new Error(`it is ${found}, expected a file${hint}`, { cause }), { code: 'EISDIR' });
}

/** The codes for a missing file: the name does not exist, or part of the path is a file. */
export const ABSENT: readonly string[] = ['ENOENT', 'ENOTDIR'];

/**
 * The codes of link(2) and symlink(2) on a file system without links. For a new file and a name in one folder the unusual ones mean
 * the same: some shared and FUSE file systems answer so. The last one is ENOTSUPP, which only Linux itself knows.
 */
export const LINKLESS: readonly string[] = [
  ...['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'EXDEV', 'EINVAL'],
  'Unknown system error -524',
];

/** How Node reports the errors for which its event loop has no name. Among them are ESTALE and EDQUOT. */
const UNNAMED = new Map(
  Object.entries(constants.errno).map(([name, number]) => [`Unknown system error -${String(number)}`, name]),
);

/** The `code` of a system error, or an empty string. */
export function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? (UNNAMED.get(code) ?? code) : '';
}

const REFUSALS = new Set(
  (
    'EACCES EBUSY EDQUOT EEXIST EINVAL EISDIR ELOOP EMFILE EMLINK ENAMETOOLONG ENFILE ENOENT ENOSPC ENOSYS ENOTDIR ENOTEMPTY ' +
    'ENOTSUP EOPNOTSUPP EPERM EROFS EXDEV'
  ).split(' '),
);

/** Whether an error says that a call was refused, so that it changed nothing. After any other one it may have taken effect. */
export function isRefusal(code: string): boolean {
  return REFUSALS.has(code);
}
