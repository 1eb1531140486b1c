import type { Version } from '../../vfs/vfs.js';

/** Enough for all locks that a process works on, and little memory. */
const MOST = 10_000;

/** The versions of the tombstones that this process wrote, by the queue key of the lock. */
const versions = new Map<string, Version>();

/** Remembers a tombstone, so that acquiring the lock again takes one request. */
export function rememberTombstone(key: string, version: Version): void {
  versions.delete(key);
  versions.set(key, version);
  const [oldest] = versions.keys();
  if (versions.size > MOST && oldest !== undefined) versions.delete(oldest);
}

/** The version of the tombstone that this process wrote, returned once, as the caller will overwrite it. */
export function recallTombstone(key: string): Version | undefined {
  const version = versions.get(key);
  versions.delete(key);
  return version;
}
