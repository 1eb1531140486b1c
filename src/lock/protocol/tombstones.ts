import { RecentMap } from '../../util/recent-map.js';
import type { Version } from '../../vfs/vfs.js';

/** The versions of the tombstones that this process wrote, by the queue key of the lock. */
const versions = new RecentMap<Version>();

/** Remembers a tombstone, so that acquiring the lock again takes one request. */
export function rememberTombstone(key: string, version: Version): void {
  versions.set(key, version);
}

/** The version of the tombstone that this process wrote, returned once, as the caller will overwrite it. */
export function recallTombstone(key: string): Version | undefined {
  const version = versions.get(key);
  versions.delete(key);
  return version;
}
