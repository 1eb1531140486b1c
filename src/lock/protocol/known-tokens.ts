import { RecentMap } from '../../util/recent-map.js';
import type { LockRecord } from '../model/record.js';
import { tokenOf } from '../model/token.js';

/** The highest token that this process has seen of each lock, by its queue key. */
const tokens = new RecentMap<bigint>();

/** The highest token of a lock that this process has seen; 0: none. Somebody may remove or change a lock file by hand. */
export function knownToken(key: string): bigint {
  return tokens.get(key) ?? 0n;
}

/** Remembers the token of a record, if it has one and it is the highest. */
export function noteToken(key: string, record: Pick<LockRecord, 'fencingToken'> | undefined): void {
  const token = tokenOf(record);
  if (token === undefined || token <= knownToken(key)) return;
  tokens.set(key, token);
}
