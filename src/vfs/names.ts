import { createHash } from 'node:crypto';

import { folderOf, nameOf } from './path.js';

export const LOCK_SUFFIX = '.lock';
export const GUARD_SUFFIX = '.guard';
const STAGED_PREFIX = '.vfs-lockfile-';
const ENTRY_PREFIX = 'vfs-lockfile-';

/** The lock file of a file: beside it, with `.lock` behind its name. */
export function lockPath(path: string): string {
  return path + LOCK_SUFFIX;
}

/** The directory whose single entry may change a lock file, on stores that swap under a guard. */
export function guardPath(lock: string): string {
  return lock + GUARD_SUFFIX;
}

/** A private name beside `path`, which nobody but `sweep` looks for. */
export function stagedPath(path: string, id: string): string {
  return path.slice(0, path.length - nameOf(path).length) + STAGED_PREFIX + id;
}

/**
 * A private name beside `path` for a file of somebody else that is taken away for a moment. `sweep` does not remove it: after a
 * crash it may be the only name of a file that nobody has read.
 */
export function asidePath(path: string, id: string): string {
  return `${stagedPath(path, id)}-moved`;
}

/** Where an inbox keeps how often the file at `path` was claimed. `sweep` does not remove it. */
export function attemptsPath(path: string, id: string): string {
  return stagedPath(path, `attempts-${id}`);
}

const WAITERS = `${STAGED_PREFIX}waiters`;
const WAITER_PREFIX = `${ENTRY_PREFIX}waiter-`;

/** The folder of the marks of those who wait for locks in a folder. */
export function waitersFolder(folder: string): string {
  return folder === '' ? WAITERS : `${folder}/${WAITERS}`;
}

/** Whether a path is that of such a folder. */
export function isWaitersFolder(path: string): boolean {
  return nameOf(path) === WAITERS;
}

/** With what the names of all marks begin that are about one lock file. */
export function waiterPrefix(lock: string): string {
  return `${WAITER_PREFIX}${createHash('sha256').update(nameOf(lock)).digest('hex').slice(0, 32)}-`;
}

/**
 * Where somebody who waits for a lock leaves a mark. No other program makes such names: where somebody swaps the folder for a link,
 * whoever clears it cannot remove anybody else's file from where the link leads.
 */
export function waiterPath(lock: string, id: string): string {
  return `${waitersFolder(folderOf(lock))}/${waiterPrefix(lock)}${id}`;
}

/** Whether a path is that of such a mark. */
export function isWaiterPath(path: string): boolean {
  return isWaitersFolder(folderOf(path)) && /^vfs-lockfile-waiter-[0-9a-f]{32}-[0-9a-f]{32}$/.test(nameOf(path));
}

/** The id in a private name. */
export function idOf(staged: string): string {
  return nameOf(staged).slice(STAGED_PREFIX.length);
}

/**
 * The name of an entry in a guard or in another private folder. No other program makes such names: where somebody swaps that folder
 * for a link at the right moment, whoever clears it cannot remove anybody else's file from where the link leads.
 */
export function entryName(id: string): string {
  return ENTRY_PREFIX + id;
}

/** Where a guarded removal moves the old file to: beside its entry, or inside it where the entry is a directory. */
export function takenName(entry: string): string {
  return `${entry}.taken`;
}

/** By how many bytes the path of a private name, or of anything in it or in a guard, may exceed the path that it serves. */
export const PRIVATE_NAME_BYTES = 128;

/** Whether a name is one of this library's: a lock file, a guard, or a private name. */
export function isOurName(name: string): boolean {
  return name.endsWith(LOCK_SUFFIX) || name.endsWith(LOCK_SUFFIX + GUARD_SUFFIX) || name.startsWith(STAGED_PREFIX);
}

/** Whether a name is one that a change uses for itself: a staged file or folder, or a guard. */
export function isPrivateName(name: string): boolean {
  return isStagedName(name) || isGuard(name);
}

/** Whether a name is that of a staged file, or of a folder in which files are staged. */
export function isStagedName(name: string): boolean {
  return /^\.vfs-lockfile-[0-9a-f]{32}$/.test(name);
}

export function isGuard(path: string): boolean {
  return path.endsWith(LOCK_SUFFIX + GUARD_SUFFIX);
}

/** Whether a name in a guard is a contender's entry, or the file that was removed through it. */
export function isGuardEntry(name: string): boolean {
  return /^vfs-lockfile-[0-9a-f]{32}(\.taken)?$/.test(name);
}

/** Whether a name is that of a file which was removed through a guard. */
export function isTakenName(name: string): boolean {
  return /^vfs-lockfile-[0-9a-f]{32}\.taken$/.test(name);
}

/** Whether a name is one under which NFS, or a disk behind FUSE, keeps a removed file that somebody still has open. */
export function isOpenRemnant(name: string): boolean {
  return /^\.(nfs|fuse_hidden)[0-9a-f]+$/i.test(name);
}

/** A name that the probe of a server makes in its scratch folder. */
export function probeEntry(name: string): string {
  return entryName(`probe-${name}`);
}

/** Whether a name is one that the probe of a server makes in its scratch folder. */
export function isProbeEntry(name: string): boolean {
  return /^vfs-lockfile-probe-[a-z]+$/.test(name);
}

/** Whether a text can be the id of a holder's folder. */
export function isHolderId(id: string): boolean {
  return /^[0-9a-f]{32}$/.test(id);
}

/** Whether a name in a holder's folder is one of its entries. */
export function isHolderEntry(name: string): boolean {
  return /^vfs-lockfile-[0-9a-f]{32}\.[0-9a-z]{1,11}\.(new|taken)$/.test(name);
}

/** The path of the file that a lock file belongs to. Undefined: this is no lock file's path. */
export function lockedPath(lock: string): string | undefined {
  const path = lock.slice(0, -LOCK_SUFFIX.length);
  const isLock = lock.endsWith(LOCK_SUFFIX) && path !== '' && !path.endsWith('/');
  return isLock && !lock.split('/').some((name) => isPrivateName(name) || name === WAITERS) ? path : undefined;
}
