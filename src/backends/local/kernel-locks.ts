import { lstatSync, readFileSync } from 'node:fs';

/**
 * Whether a process of this machine has locked a file by flock(2) or fcntl(2), as flock(1) does with an empty file. False where that
 * cannot be known: the system is not Linux, or the process is in a container that this one does not see.
 */
export function hasKernelLock(path: string): boolean {
  try {
    const { ino } = lstatSync(path, { bigint: true });
    return new RegExp(` [0-9a-f]+:[0-9a-f]+:${String(ino)} `).test(readFileSync('/proc/locks', 'utf8'));
  } catch {
    return false;
  }
}
