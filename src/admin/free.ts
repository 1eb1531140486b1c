import { freshId } from '../util/fresh-id.js';
import { encodeRecord, type LockRecord } from '../lock/model/record.js';
import type { CallOptions, Version, Vfs } from '../vfs/vfs.js';

/** A lock file as it was seen. */
export interface Seen {
  readonly record: LockRecord | undefined;
  readonly version: Version;
}

/**
 * Frees a lock if its file is still as it was seen, else answers false. The file is overwritten with a tombstone where the
 * store cannot remove by version, and where its record has to outlive it because fencing tokens are counted in it.
 */
export async function freeByVersion(vfs: Vfs, lock: string, seen: Seen, options: CallOptions = {}): Promise<boolean> {
  if (!keepsTombstone(vfs, seen.record)) return await vfs.remove(lock, seen.version, options);
  const tombstone = encodeRecord({ ...NOBODY, ...seen.record, nonce: freshId(), released: true });
  return (await vfs.replace(lock, seen.version, tombstone, options)) !== undefined;
}

export function keepsTombstone({ capabilities }: Vfs, record: LockRecord | undefined): boolean {
  return capabilities.remove === 'none' || (record?.fencingToken ?? '') !== '';
}

/** What a tombstone says of a holder of whom nothing can be read. */
const NOBODY: LockRecord = {
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
  processStart: '',
  namespace: '',
  fencingToken: '',
  graceMs: 0,
  note: undefined,
  released: false,
};
