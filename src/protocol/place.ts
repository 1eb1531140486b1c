import { VfsError } from '../errors.js';
import { guardPath, lockPath } from '../names.js';
import type { LockPlace, LockStore } from './tenure.js';
import type { Vfs } from '../vfs.js';

/** Where the lock of a file stands. Refuses a store that cannot exclude anybody, or could never hold the lock's name. */
export function placeOf(vfs: Vfs, store: LockStore, path: string): LockPlace {
  const { create, replace, remove, clock } = vfs.capabilities;
  if (create === 'none' || replace === 'none') {
    const missing = create === 'none' ? 'a conditional create' : 'a conditional overwrite';
    throw new VfsError('ERR_VFS_UNSUPPORTED', `cannot lock ${vfs.locate(path)}: the store has no ${missing}`);
  }
  const lock = lockPath(path);
  const guarded = create === 'guarded' || replace === 'guarded' || remove === 'guarded';
  vfs.check(guarded ? guardPath(lock) : lock);
  const shown = vfs.locate(lock);
  return {
    store,
    path: lock,
    shown,
    key: vfs.realm === undefined ? shown : `${shown} at ${vfs.realm}`,
    scheme: vfs.scheme,
    grainMs: clock.grainMs,
    tombstone: remove === 'none',
    prompt: vfs.sync !== undefined && create === 'atomic',
  };
}
