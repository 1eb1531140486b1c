import { openFile } from '../open.js';
import { checkOptions } from '../util/option-check.js';
import type { VfsFile } from '../vfs/file.js';
import { LockNotHeldError } from './model/errors.js';
import { lockPathOf } from './model/lock-path.js';
import { LOCK_OPTIONS, resolveLockOptions, type LockOptions } from './model/options.js';
import { noProcess, thisProcess, type ProcessIdentity } from './model/process.js';
import { waitFor } from './protocol/acquire.js';
import { Acquisition } from './protocol/acquisition.js';
import { Contender } from './protocol/contender.js';
import { heldLocks } from './protocol/held-lock.js';
import { lockTarget } from './protocol/target.js';

/** A lock that `crash` takes from its holder. */
export interface CrashableLock {
  /** The file that is locked. */
  readonly file: VfsFile;
  /** The display path of the lock file. */
  readonly path: string;
}

/**
 * Lets a held lock be as it would be if its process had been killed now, on another machine: the lock file stays, nobody renews it,
 * and others take it over once its lease is over. Its `signal` does not abort, and its `release` changes nothing any more.
 *
 * @throws {LockNotHeldError} `ERR_LOCK_NOT_HELD`: this process does not hold the lock.
 * @example
 * using clock = useFakeClock();
 * crash(await lock(file, { ttl: '30s' }));
 * await clock.advance('31s');
 * console.log((await lock(file)).reclaimedFrom?.reason); // expired
 */
export function crash({ file, path }: CrashableLock): void {
  const held = [...heldLocks].find((each) => each.held && each.path === path && each.vfs === file.vfs);
  if (held === undefined) throw new LockNotHeldError(`the lock ${path} is not held by this process`);
  held.detach();
}

/**
 * Writes a lock that may be taken over at once: of a process of this machine that has ended (`'dead-process'`) where the system can
 * tell, which only Linux does; elsewhere its lease is over (`'expired'`) after a few milliseconds. `ownerId`, `note`, `user` and
 * `command` are what `reclaimedFrom` and `onStale` show of it.
 *
 * @throws As `lock` does with `wait: 0`.
 * @example
 * await staleLock(file, { ownerId: 'worker 7', note: { rows: 4000 } });
 * await withLock(file, (_file, { reclaimedFrom }) => repair(reclaimedFrom));
 */
export async function staleLock(file: string | URL | VfsFile, options: LockOptions = {}): Promise<void> {
  checkOptions('staleLock', options, LOCK_OPTIONS);
  const opened = await openFile(file);
  const target = lockTarget(opened.vfs, opened.vfs, lockPathOf(opened, options.lockPath));
  const resolved = {
    ...resolveLockOptions({ ...options, renew: false }),
    ttlMs: 1,
    graceMs: 0,
    holder: endedProcess(),
  };
  const held = await waitFor(new Contender(target, resolved), { waitMs: 0 }, new Acquisition());
  held.detach();
}

/** A process of this machine that had the same number as this one, before it. */
function endedProcess(): ProcessIdentity {
  const self = thisProcess();
  return self.processStart === '' ? noProcess() : { ...self, processStart: '1' };
}
