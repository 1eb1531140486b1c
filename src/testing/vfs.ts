import { setDisk } from '../open.js';
import { kindOf, LockOptionError } from '../util/option-error.js';
import type { Vfs } from '../vfs/vfs.js';
import { undo, type Undo } from './undo.js';

/**
 * From now on plain paths, and `file:` URIs, are files of `vfs` and not of the local disk, so that code which takes paths runs on
 * memory. A relative path still begins at the working directory: `inbox/a.csv` is `home/me/project/inbox/a.csv` there. `lockSync`
 * and `withLockSync` work where the store has a synchronous side.
 *
 * It changes what is opened from then on, in the whole process. Files that the code under test reads with `node:fs` stay on the
 * disk: it has to use the `file` that `withLock` passes on.
 *
 * @throws {LockOptionError} `ERR_LOCK_OPTION`: `vfs` is no store.
 * @example
 * using _memory = useVfs(memVfs());
 * await (await openFile('inbox/a.csv')).write('1,2');
 * await importOrders('inbox/a.csv');
 */
export function useVfs(vfs: Vfs): Undo {
  if (typeof (vfs as Partial<Vfs> | null)?.locate !== 'function') {
    throw new LockOptionError(`vfs must be a store such as memVfs(), not ${kindOf(vfs)}`);
  }
  return undo(setDisk(vfs));
}
