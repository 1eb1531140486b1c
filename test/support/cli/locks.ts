import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What somebody on another machine wrote, with a lease of a minute. */
export const ELSEWHERE = { ttl: 60e9, hostname: 'elsewhere', pid: 77, ownerId: 'them', lockId: 'id-of-theirs' };

/** With a lease that does not end while a test runs, on however busy a machine. */
export const HELD_FOR_LONG = { ...ELSEWHERE, ttl: 6000e9 };

/** Writes the lock file of `name` in a folder as another process would have, that many seconds ago. */
export function putLock(folder: string, name: string, secondsAgo = 0, content: object | string = ELSEWHERE): string {
  const lock = join(folder, `${name}.lock`);
  mkdirSync(dirname(lock), { recursive: true });
  writeFileSync(lock, typeof content === 'string' ? content : JSON.stringify(content));
  const time = Date.now() / 1000 - secondsAgo;
  utimesSync(lock, time, time);
  return lock;
}
