import { mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { kindOf, LockOptionError } from '../util/option-error.js';
import { VfsError } from '../vfs/errors.js';
import { VfsFile } from '../vfs/file.js';
import type { Vfs } from '../vfs/vfs.js';
import { namedPath, type NamedId } from './model/named.js';

/**
 * The file that stands for something that is no file, such as a job or a customer: everything that takes a file takes it. Different
 * ids are different locks; a number and a bigint of the same value are the same id. The file itself is never made.
 *
 * Its lock is in `folder`, which must exist: all who use the name have to use the same one. Without it the lock is in a folder of
 * this user on this machine, `.local/state/vfs-lockfile` in the home folder, which is made where it is missing: it keeps other
 * users out of the name, and does not exclude them.
 *
 * @throws {LockOptionError} `ERR_LOCK_OPTION`: `id` or `folder` is of another type.
 * @throws {VfsError} `ERR_VFS_DENIED` or `ERR_VFS_IO`: the folder in the home folder cannot be made.
 * @example
 * await withLock(named('nightly report'), () => report());
 * await withLock(named(17, 's3://bucket/customers'), () => invoice(17));
 */
export function named(id: NamedId, folder: Vfs): VfsFile;
export function named(id: NamedId, folder?: string | URL): string;
export function named(id: NamedId, folder?: string | URL | Vfs): string | VfsFile {
  const name = namedPath(id);
  if (folder === undefined) return join(folderOfUser(), name);
  if (typeof folder === 'string' && folder !== '') return inFolder(folder, name);
  if (folder instanceof URL) return inFolder(folder.href, name);
  if (typeof (folder as Partial<Vfs> | null)?.locate === 'function') return new VfsFile(folder as Vfs, name);
  throw new LockOptionError(`folder must be a path, a URI or a store, not ${folder === '' ? 'empty' : kindOf(folder)}`);
}

/** In a URI the percent signs of a name are characters of it, and no escapes. */
function inFolder(folder: string, name: string): string {
  const isUri = /^[a-z][a-z0-9+.-]+:\/\//i.test(folder);
  return `${folder.replace(/\/$/, '')}/${isUri ? encodeURIComponent(name) : name}`;
}

/** By the system's list of users: a variable such as `HOME` may be another one in the user's shell and in a job of cron. */
function folderOfUser(): string {
  let folder = '';
  try {
    folder = join(userInfo().homedir, '.local', 'state', 'vfs-lockfile');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  } catch (cause) {
    const code = ['EACCES', 'EPERM', 'EROFS'].includes(String((cause as NodeJS.ErrnoException).code));
    const what = folder === '' ? 'this user has no home folder' : `cannot make the folder ${folder}`;
    const message = `${what} for the locks of names; give the folder that they are in, as in named(id, '/srv/locks')`;
    throw new VfsError(code ? 'ERR_VFS_DENIED' : 'ERR_VFS_IO', message, { cause });
  }
}
