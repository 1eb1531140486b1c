import { wallMs } from '../util/time.js';
import { freshId } from '../util/fresh-id.js';
import { encodeRecord, type EndedLock, type LockRecord } from '../lock/model/record.js';
import type { CallOptions, Version, Vfs } from '../vfs/vfs.js';

/** The content of a lock file, and the version that had it. */
export interface ObservedLock {
  readonly record: LockRecord | undefined;
  readonly version: Version;
}

/**
 * Frees a lock if its file still has the observed version, else returns false. The file is overwritten with a tombstone where the
 * store cannot remove by version, where the record must outlive the lock because fencing tokens are counted in it, and to tell a
 * holder that may be alive who ended its lock, and why (`ended`).
 */
export async function freeByVersion(
  vfs: Vfs,
  lock: string,
  observed: ObservedLock,
  options: CallOptions = {},
  ended?: Omit<EndedLock, 'lockId'>,
): Promise<boolean> {
  if (ended === undefined && !keepsTombstone(vfs, observed.record))
    return await vfs.remove(lock, observed.version, options);
  // No more than a tombstone needs: the holder's own record may be so large that it could not be written again.
  const { lockId = '', fencingToken = '' } = observed.record ?? {};
  const about = { lockId, fencingToken, nonce: freshId(), ended: ended && { lockId, ...ended } };
  const tombstone = encodeRecord({ ...RELEASED, createdAt: new Date(wallMs()), ...about });
  return (await vfs.replace(lock, observed.version, tombstone, options)) !== undefined;
}

export function keepsTombstone({ capabilities }: Vfs, record: LockRecord | undefined): boolean {
  return capabilities.remove === 'none' || (record?.fencingToken ?? '') !== '';
}

const RELEASED: LockRecord = {
  createdAt: undefined,
  ttlMs: 1,
  leaseMs: 1,
  hostname: '',
  pid: 0,
  ownerId: '',
  lockId: '',
  nonce: '',
  renewedAt: undefined,
  renewals: 0,
  bootId: '',
  machineId: '',
  processStart: '',
  namespace: '',
  processGroup: 0,
  fencingToken: '',
  graceMs: 0,
  via: '',
  user: '',
  command: [],
  tool: '',
  ended: undefined,
  note: undefined,
  progress: undefined,
  released: true,
};
