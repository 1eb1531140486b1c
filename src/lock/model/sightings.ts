import { RecentMap } from '../../util/recent-map.js';
import type { Version, Vfs } from '../../vfs/vfs.js';

/** One state of a lock file, and since when this process has seen it unchanged. */
export interface Sighting {
  readonly version: Version;
  /** Foreign locks of equal content have equal versions, so the time stamp has to be the same as well. */
  readonly modifiedMs: number;
  /** When it was first seen, on the monotonic clock. */
  readonly seenMs: number;
  /** How long it had not been written then, in milliseconds: by the store's clock, or 0. */
  readonly idleWhenSeenMs: number;
}

/**
 * What this process saw of each lock, by its key. It outlives a single reader, so that many short tries expire a lock without a
 * usable time as one long wait does.
 */
const sightings = new RecentMap<Sighting>();

/** Identifies one lock file, and no other, in the memory of this process. */
export function lockKey(vfs: Vfs, lock: string, displayPath = vfs.locate(lock)): string {
  return vfs.storeId === undefined ? displayPath : `${displayPath} at ${vfs.storeId}`;
}

export function lastSighting(key: string): Sighting | undefined {
  return sightings.get(key);
}

/** Remembers a sighting. Undefined: there is no lock file. */
export function rememberSighting(key: string, sighting: Sighting | undefined): void {
  if (sighting) sightings.set(key, sighting);
  else sightings.delete(key);
}
