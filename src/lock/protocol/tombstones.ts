import type { Version } from '../../vfs/vfs.js';

/** Enough for all that a process works on, and little memory. */
const MOST = 10_000;

/** The tombstones that this process left, by the key of the lock. */
const left = new Map<string, Version>();

/** Remembers a lock that was given back by a tombstone, so that taking it again is one request. */
export function rememberTombstone(key: string, version: Version): void {
  left.delete(key);
  left.set(key, version);
  const [oldest] = left.keys();
  if (left.size > MOST && oldest !== undefined) left.delete(oldest);
}

/** The version of the tombstone that this process left, told once: who takes it over changes it. */
export function recallTombstone(key: string): Version | undefined {
  const version = left.get(key);
  left.delete(key);
  return version;
}
