import { RecentMap } from '../../util/recent-map.js';
import type { Version } from '../../vfs/vfs.js';
import type { LockRecord } from '../model/record.js';
import { tokenOf } from '../model/token.js';

/** A tombstone that this process wrote. */
export interface Tombstone {
  readonly record: LockRecord;
  readonly version: Version;
}

/** By the queue key of the lock. */
const tombstones = new RecentMap<Tombstone>();

/** Remembers a tombstone, so that acquiring the lock again takes one request. One with an unusable token is read again: somebody may repair it. */
export function rememberTombstone(key: string, tombstone: Tombstone): void {
  const { record } = tombstone;
  if (record.fencingToken !== '' && tokenOf(record) === undefined) return;
  tombstones.set(key, tombstone);
}

/** The tombstone that this process wrote, returned once, as the caller will overwrite it. */
export function recallTombstone(key: string): Tombstone | undefined {
  const tombstone = tombstones.get(key);
  tombstones.delete(key);
  return tombstone;
}
