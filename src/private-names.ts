import { GUARD_SUFFIX, LOCK_SUFFIX } from './names.js';

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
