import { LockOptionError } from '../../util/option-error.js';
import type { VfsFile } from '../../vfs/file.js';
import { lockPath } from '../../vfs/names.js';

/** The path of a file's lock file: the usual one, or the one that an option names. */
export function lockPathOf(file: VfsFile, named: string | VfsFile | undefined): string {
  if (named === undefined) return lockPath(file.path);
  const { path } = file.resolve(named);
  if (path !== file.path) return path;
  throw new LockOptionError(`lockPath must not be the locked file itself, ${String(file)}`);
}
