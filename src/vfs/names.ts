import { nameOf } from './path.js';

export const LOCK_SUFFIX = '.lock';
export const GUARD_SUFFIX = '.guard';
const STAGED_PREFIX = '.vfs-lockfile-';

/** The sidecar of a file. */
export function lockPath(path: string): string {
  return path + LOCK_SUFFIX;
}

/** The directory whose single entry may change a lock file, on stores that swap under a guard. */
export function guardPath(lock: string): string {
  return lock + GUARD_SUFFIX;
}

/** A private name beside `path`, found by nobody but `sweep`. */
export function stagedPath(path: string, id: string): string {
  return path.slice(0, path.length - nameOf(path).length) + STAGED_PREFIX + id;
}

/** The id in a private name. */
export function entryOf(staged: string): string {
  return nameOf(staged).slice(STAGED_PREFIX.length);
}

/** Where the old file of a guarded removal ends up: beside its door, the entry, or inside where that is a directory. */
export function takenName(entry: string): string {
  return `${entry}.taken`;
}

/** By how much the path of a private name, or of what stands in it or in a guard, may be longer than the path it serves. */
export const PRIVATE_NAME_BYTES = 96;

/** Whether a file's name is one of ours: a lock, a guard, or a staged leftover. */
export function isOurName(name: string): boolean {
  return name.endsWith(LOCK_SUFFIX) || name.endsWith(LOCK_SUFFIX + GUARD_SUFFIX) || name.startsWith(STAGED_PREFIX);
}

/** Whether a name is one that a change makes for itself: a staged file or folder, or a guard. */
export function isPrivateName(name: string): boolean {
  return /^\.vfs-lockfile-[0-9a-f]{32}/.test(name) || isGuard(name);
}

export function isGuard(path: string): boolean {
  return path.endsWith(LOCK_SUFFIX + GUARD_SUFFIX);
}

/** Whether a name in a guard is a contender's entry, or what was taken through it. */
export function isGuardEntry(name: string): boolean {
  return /^[0-9a-f]{32}(\.taken)?$/.test(name);
}

/** The name of the file that a lock file is of. Undefined: it is no lock file's name. */
export function lockedPath(lock: string): string | undefined {
  const path = lock.slice(0, -LOCK_SUFFIX.length);
  const isLock = lock.endsWith(LOCK_SUFFIX) && path !== '' && !path.endsWith('/');
  return isLock && !lock.split('/').some(isPrivateName) ? path : undefined;
}
