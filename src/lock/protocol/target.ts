import type { Eventual } from '../../util/steps.js';
import { VfsError } from '../../vfs/errors.js';
import { guardPath, lockPath } from '../../vfs/names.js';

import type { CallOptions, ReadOptions, Snapshot, Version, Vfs, Written } from '../../vfs/vfs.js';

/** What the lock protocol asks of a `Vfs`, synchronous or not. */
export interface LockStore {
  read(path: string, options?: ReadOptions): Eventual<Snapshot | undefined>;
  create(path: string, data: Uint8Array, options?: CallOptions): Eventual<Written | undefined>;
  replace(path: string, version: Version, data: Uint8Array, options?: CallOptions): Eventual<Written | undefined>;
  remove(path: string, version: Version, options?: CallOptions): Eventual<boolean>;
}

/** Where a lock stands, and how it is given back there. */
export interface LockTarget {
  readonly store: LockStore;
  readonly path: string;
  /** The path as a person finds it. */
  readonly displayPath: string;
  /** What stands for this lock, and for no other, in the memory of this process. */
  readonly queueKey: string;
  /** The scheme of the store. */
  readonly scheme: string;
  /** How much the store's time stamps may be off, in milliseconds. */
  readonly resolutionMs: number;
  /** Release by overwriting with a tombstone, on stores whose conditional removal cannot be trusted. */
  readonly tombstone: boolean;
  /** Whether taking a free lock, and giving it back, never waits for anybody, so that nothing has to cut it short. */
  readonly immediate: boolean;
}

/** Where the lock of a file stands. Refuses a store that cannot exclude anybody, or could never hold the lock's name. */
export function lockTarget(vfs: Vfs, store: LockStore, path: string): LockTarget {
  const { create, replace, remove, clock } = vfs.capabilities;
  if (create === 'none' || replace === 'none') {
    const missing = create === 'none' ? 'a conditional create' : 'a conditional overwrite';
    throw new VfsError('ERR_VFS_UNSUPPORTED', `cannot lock ${vfs.locate(path)}: the store has no ${missing}`);
  }
  const lock = lockPath(path);
  const guarded = create === 'guarded' || replace === 'guarded' || remove === 'guarded';
  vfs.check(guarded ? guardPath(lock) : lock);
  const displayPath = vfs.locate(lock);
  return {
    store,
    path: lock,
    displayPath,
    queueKey: vfs.storeId === undefined ? displayPath : `${displayPath} at ${vfs.storeId}`,
    scheme: vfs.scheme,
    resolutionMs: clock.resolutionMs,
    tombstone: remove === 'none',
    immediate: vfs.sync !== undefined && create === 'atomic',
  };
}
