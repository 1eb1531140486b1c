import { closeSync, constants, existsSync, type Stats } from 'node:fs';

import { ask, type Eventual, type Steps } from '../../util/steps.js';
import { VfsError } from '../../vfs/errors.js';
import { codeOf } from '../shared/plain/posix-errors.js';
import type { Syscalls } from './syscalls.js';

/** What decides how a private folder is shared: the folder that it stands in, and who this process is. */
export interface Surroundings {
  readonly stats: Stats;
  /** Undefined on systems without users. */
  readonly euid: number | undefined;
}

/** Linux names what stands in an open directory so, whatever has become of the directory's own name. */
const DESCRIPTORS = '/proc/self/fd';

const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Linux; Node does not name it. */
const O_PATH = 0o10000000;

const SETGID = 0o2000;
const STICKY = 0o1000;

/** Whether nobody but this user, or root, may write to a folder: then nobody else can disturb, or needs, what stands in it. */
export function isPrivate({ stats, euid }: Surroundings): boolean {
  return euid === undefined || ((stats.mode & 0o022) === 0 && stats.uid === euid);
}

/**
 * Makes a folder that everybody who may write beside it can empty: the same permission bits and group, and for root the same
 * owner. In a sticky folder nobody else may remove anything, so it is closed to others there.
 * Returns the path by which its names are reached even if somebody puts a link in its place; undefined: its own.
 */
export function* makePrivateFolder(calls: Syscalls, path: string, around: Surroundings): Steps<string | undefined> {
  const mode = (around.stats.mode & STICKY) === 0 ? around.stats.mode & 0o777 : 0o700;
  yield* ask(calls.mkdir(path, mode));
  if (isPrivate(around)) {
    yield* openToOwner(calls, path);
    return undefined;
  }
  const fd = yield* openOwnFolder(calls, path);
  let keep = false;
  try {
    const made = yield* ask(calls.fstat(fd));
    const names = yield* ask(calls.readdir(reached(path, fd)));
    if (names.length > 0) throw replaced(path);
    // Some disks give every file to one owner (SMB, FAT, NFS for root). Or somebody put a folder of their own here, which changes
    // nothing for them: they may as well replace the lock. Either way its owner and bits stay as they are.
    if (made.uid === around.euid) yield* share(calls, fd, made, around, mode);
    keep = hasDescriptors();
    return keep ? `${DESCRIPTORS}/${String(fd)}` : undefined;
  } finally {
    if (!keep) yield* ask(calls.close(fd));
  }
}

/** A umask may have closed the folder to its own maker. Nobody else can have touched it meanwhile. */
function* openToOwner(calls: Syscalls, path: string): Steps<void> {
  const { mode } = yield* ask(calls.lstat(path));
  if ((mode & 0o700) !== 0o700) yield* ask(calls.chmod(path, (mode & 0o7777) | 0o700));
}

/** The same where others may write: the folder is held by a descriptor that needs no permission while its bits change. */
function* openOwnFolder(calls: Syscalls, path: string): Steps<number> {
  try {
    return yield* openFolder(calls, path);
  } catch (error) {
    if (codeOf(error) !== 'EACCES' || !hasDescriptors()) throw error;
  }
  const fd = yield* ask(calls.open(path, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW));
  try {
    yield* ask(calls.chmod(`${DESCRIPTORS}/${String(fd)}`, 0o700));
  } finally {
    yield* ask(calls.close(fd));
  }
  return yield* openFolder(calls, path);
}

/** Closes what a path from `makePrivateFolder` is made of. */
export function forgetPrivateFolder(at: string): void {
  if (at.startsWith(`${DESCRIPTORS}/`)) closeSync(Number(at.slice(DESCRIPTORS.length + 1)));
}

/**
 * Runs `work` inside a directory that somebody else may have made. Undefined: there is none. Fails with `ENOTDIR` where something
 * else stands, a link to a directory included.
 */
export function* insideFolder<T>(
  calls: Syscalls,
  path: string,
  around: Surroundings,
  work: (at: string, names: readonly string[]) => Steps<T>,
): Steps<T | undefined> {
  if (isPrivate(around)) {
    const names = yield* namesIn(calls, path);
    return names && (yield* work(path, names));
  }
  let fd: number;
  try {
    fd = yield* openFolder(calls, path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const at = reached(path, fd);
    const names = yield* namesIn(calls, at);
    return names && (yield* work(at, names));
  } finally {
    yield* ask(calls.close(fd));
  }
}

/** Opens a directory, and no link to one. Fails with `ENOTDIR` where something else stands. */
export function* openFolder(calls: Syscalls, path: string): Steps<number> {
  try {
    return yield* ask(calls.open(path, FOLDER_FLAGS));
  } catch (error) {
    // Linux reports a link as ENOTDIR or ELOOP, depending on the file system.
    if (codeOf(error) === 'ELOOP')
      throw Object.assign(new Error(`${path} is a link`, { cause: error }), { code: 'ENOTDIR' });
    throw error;
  }
}

function* namesIn(calls: Syscalls, path: string): Steps<readonly string[] | undefined> {
  try {
    return yield* ask(calls.readdir(path));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function* share(calls: Syscalls, fd: number, made: Stats, { stats, euid }: Surroundings, mode: number): Steps<void> {
  const uid = euid === 0 ? stats.uid : made.uid;
  if (made.uid !== uid || made.gid !== stats.gid) yield* tolerated(() => calls.fchown(fd, uid, stats.gid));
  const wanted = mode | (made.mode & SETGID);
  if (((made.mode ^ wanted) & 0o7777) !== 0) yield* tolerated(() => calls.fchmod(fd, wanted));
}

/** Makes a change of owner or permission bits, unless the disk or the system refuses it: then the folder stays as it is. */
export function* tolerated(change: () => Eventual<void>): Steps<void> {
  try {
    yield* ask(change());
  } catch (error) {
    if (!REFUSED.includes(codeOf(error))) throw error;
  }
}

const REFUSED: readonly string[] = ['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'EROFS'];

/** The path of an open directory that nobody can redirect, where the system has one. */
export function reached(path: string, fd: number): string {
  return hasDescriptors() ? `${DESCRIPTORS}/${String(fd)}` : path;
}

let descriptors: boolean | undefined;

function hasDescriptors(): boolean {
  return (descriptors ??= process.platform === 'linux' && existsSync(DESCRIPTORS));
}

function replaced(path: string): VfsError {
  return new VfsError(
    'ERR_VFS_DENIED',
    `somebody replaced ${path} as soon as it was made; the folder is not safe to lock in`,
  );
}
