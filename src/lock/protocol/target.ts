import type { Eventual } from '../../util/steps.js';
import { VfsError } from '../../vfs/errors.js';
import { guardPath } from '../../vfs/names.js';
import { lockKey } from '../model/sightings.js';
import type {
  CallOptions,
  FolderTimes,
  HolderFolderOptions,
  ReadOptions,
  Snapshot,
  Version,
  Vfs,
  WriteOptions,
  Written,
} from '../../vfs/vfs.js';

/** What the lock protocol asks of a `Vfs`, synchronous or not. */
export interface LockStore {
  read(path: string, options?: ReadOptions): Eventual<Snapshot | undefined>;
  create(path: string, data: Uint8Array, options?: WriteOptions): Eventual<Written | undefined>;
  replace(path: string, version: Version, data: Uint8Array, options?: WriteOptions): Eventual<Written | undefined>;
  remove(path: string, version: Version, options?: CallOptions): Eventual<boolean>;
  folderTimes?(path: string, options?: ReadOptions): Eventual<FolderTimes | undefined>;
  wasSeen?(path: string): boolean;
  holderFolder?(path: string, options?: HolderFolderOptions): Eventual<string | undefined>;
}

/** The lock file of one file, and how its store has to be used. */
export interface LockTarget {
  readonly vfs: Vfs;
  /** The `vfs` itself, or its synchronous side. */
  readonly store: LockStore;
  readonly path: string;
  /** The display path of the lock file. */
  readonly displayPath: string;
  /** Identifies this lock, and no other, in the memory of this process. */
  readonly queueKey: string;
  /** How much the store's time stamps may be off, in milliseconds. */
  readonly resolutionMs: number;
  /** The lock is released by a tombstone, as the store cannot remove by version. */
  readonly tombstone: boolean;
  /** Acquiring a free lock and releasing it never wait for anybody, so that no signal has to end them early. */
  readonly immediate: boolean;
}

/** How to use the lock file at `lock`. Refuses a store that cannot exclude anybody, or could never hold the lock's name. */
export function lockTarget(vfs: Vfs, store: LockStore, lock: string): LockTarget {
  const { create, replace, remove, clock, durable } = vfs.capabilities;
  if (create === 'none' || replace === 'none') {
    const missing = create === 'none' ? 'a conditional create' : 'a conditional overwrite';
    throw new VfsError('ERR_VFS_UNSUPPORTED', `cannot lock with ${vfs.locate(lock)}: the store has no ${missing}`);
  }
  const guarded = create === 'guarded' || replace === 'guarded' || remove === 'guarded';
  vfs.check(guarded ? guardPath(lock) : lock);
  const displayPath = vfs.locate(lock);
  return {
    vfs,
    store,
    path: lock,
    displayPath,
    queueKey: lockKey(vfs, lock, displayPath),
    resolutionMs: clock.resolutionMs,
    tombstone: remove === 'none',
    // Memory may be the inside of a slower store, in tests.
    immediate: vfs.sync !== undefined && create === 'atomic' && durable,
  };
}
