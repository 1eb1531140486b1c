import type { VfsFile } from '../vfs/file.js';
import { isWaiterPath, lockPath, stagedPath } from '../vfs/names.js';
import type { StaleReason } from '../lock/model/staleness.js';
import type { LockRecord } from '../lock/model/record.js';
import { waiterOf } from '../lock/model/waiter.js';
import { readMark } from '../lock/model/waiters.js';
import type { Entry, Vfs } from '../vfs/vfs.js';
import type { Inspector } from '../lock/inspect.js';
import { inspectFile, type Listed } from './list.js';
import { folderOf } from '../vfs/path.js';
import { keepsTombstone, freeByVersion } from './free.js';

/**
 * Why something was removed. A stale lock: `'expired'`, `'dead-process'` or `'unreadable'`. `'released'`: a tombstone. `'leftover'`:
 * a scratch file of a process that died. `'ended'`: the mark of somebody who does not wait any more.
 *
 * Why something was left. `'held'`: the lock is not stale. `'unreadable'`: it is empty or its record is incomplete.
 * `'foreign'`: it belongs to another program. `'young'`:
 * it is not old enough. `'untimed'`: the store has no clock, so its age is unknown. `'vetoed'`: `onStale` returned false.
 * `'tombstone'`: it must stay, because of the store or of fencing tokens. `'changed'`: it was changed before it could be removed.
 * `'waiting'`: it is the mark of somebody who still waits. `'failed'`: see `error`.
 */
export type SweptReason =
  | StaleReason
  | 'released'
  | 'leftover'
  | 'ended'
  | 'waiting'
  | 'held'
  | 'foreign'
  | 'young'
  | 'untimed'
  | 'vetoed'
  | 'tombstone'
  | 'changed'
  | 'failed';

/** One result of a sweep: a lock, a leftover, the mark of a waiter, or a folder that could not be listed. */
export interface Swept {
  /** What was found. */
  readonly kind: 'lock' | 'leftover' | 'waiter' | 'folder';
  /** What was done. `'released'`: a stale lock was overwritten with a tombstone, because of its store or of fencing tokens. */
  readonly action: 'removed' | 'released' | 'left' | 'would-remove';
  /** Why it was done. */
  readonly reason: SweptReason;
  /** The display path of the lock file, leftover or folder: an absolute path on the local disk, elsewhere a URI. */
  readonly path: string;
  /** The file that is locked. Undefined: it is not a lock. */
  readonly file: VfsFile | undefined;
  /** The record in the lock file. Undefined: it is not a lock, or it cannot be read. */
  readonly record: LockRecord | undefined;
  /** Milliseconds since it was last written, by the store's clock. Undefined: not known. */
  readonly idleMs: number | undefined;
  /** Why it could not be read, listed or removed. Undefined: there was no error. */
  readonly error: unknown;
}

export interface SweeperOptions {
  readonly dryRun: boolean;
  readonly olderThanMs: number;
  readonly unreadable: boolean;
  readonly onStale: ((record: LockRecord | undefined, reason: StaleReason, file: VfsFile) => unknown) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** No live process keeps a scratch file for this long. A process that was stopped for longer fails when it continues. */
const SAFE_AGE_MS = 3_600_000;

type Outcome = Pick<Swept, 'action' | 'reason'> & { readonly error?: unknown };

const left = (reason: SweptReason, error?: unknown): Outcome => ({ action: 'left', reason, error });

/** Decides what to do with each thing found in a store, and removes what nobody needs any more. */
export class Sweeper {
  readonly #vfs: Vfs;
  readonly #inspector: Inspector;
  readonly #options: SweeperOptions;
  /** The private folders that records name: their holders use them, however old they are. */
  readonly #inUse = new Set<string>();

  constructor(vfs: Vfs, inspector: Inspector, options: SweeperOptions) {
    this.#vfs = vfs;
    this.#inspector = inspector;
    this.#options = options;
  }

  /** Returns undefined if the lock does not exist any more. */
  async lock(file: VfsFile): Promise<Swept | undefined> {
    const found = await inspectFile(this.#inspector, file, this.#options.signal);
    if (found === undefined) return undefined;
    const { path, record, idleMs } = found;
    if (record?.via) this.#inUse.add(stagedPath(lockPath(file.path), record.via));
    return { kind: 'lock', path, file, record, idleMs, error: undefined, ...(await this.#sweepLock(found)) };
  }

  /** Returns undefined for what is in use: scratch files of this sweep itself, and the private folder of a holder. */
  async leftover(entry: Entry): Promise<Swept | undefined> {
    const { clock } = this.#inspector;
    if (clock.made(entry.path) || this.#inUse.has(entry.path)) return undefined;
    const nowMs = await clock.now(folderOf(entry.path), { signal: this.#options.signal });
    const idleMs = nowMs === undefined ? undefined : Math.max(0, nowMs - entry.modifiedMs);
    const common = { path: this.#vfs.locate(entry.path), file: undefined, record: undefined, idleMs };
    return { kind: 'leftover', ...common, error: undefined, ...(await this.#sweepLeftover(entry, idleMs)) };
  }

  /** The mark of somebody who waits, or waited. Returns undefined for what has no name of a mark: it is somebody else's. */
  async mark(entry: Entry): Promise<Swept | undefined> {
    if (!isWaiterPath(entry.path)) return undefined;
    const { signal } = this.#options;
    const nowMs = await this.#inspector.clock.now(folderOf(folderOf(entry.path)), { signal });
    const idleMs = nowMs === undefined ? undefined : Math.max(0, nowMs - entry.modifiedMs);
    const common = { path: this.#vfs.locate(entry.path), file: undefined, record: undefined, idleMs };
    return { kind: 'waiter', ...common, error: undefined, ...(await this.#sweepMark(entry, nowMs)) };
  }

  async #sweepMark(entry: Entry, nowMs: number | undefined): Promise<Outcome> {
    const idleMs = nowMs === undefined ? 0 : nowMs - entry.modifiedMs;
    const found = await readMark(this.#vfs, entry, nowMs, this.#options);
    this.#options.signal?.throwIfAborted();
    if (found && waiterOf(found.mark, found.ageMs)) return left('waiting');
    if (!found && !this.#isOld(idleMs)) return left(nowMs === undefined ? 'untimed' : 'young');
    if (idleMs < this.#options.olderThanMs) return left('young');
    return this.#unlessDry({ action: 'removed', reason: 'ended' }, () => this.#vfs.delete(entry.path));
  }

  async #sweepLock(found: Listed): Promise<Outcome> {
    const { state, error } = found;
    if (error) {
      this.#options.signal?.throwIfAborted();
      return left('failed', error);
    }
    if (state === 'released') return this.#sweepTombstone(found);
    if (state === 'unreadable' || state === 'foreign') return left(state);
    if (state !== 'stale') return left('held');
    const { reason = 'expired', record, file, idleMs = 0 } = found;
    if (reason === 'unreadable' && !this.#options.unreadable) return left('unreadable');
    if (idleMs < this.#options.olderThanMs) return left('young');
    if ((await this.#options.onStale?.(record, reason, file)) === false) return left('vetoed');
    return this.#free(found, reason, keepsTombstone(this.#vfs, record) ? 'released' : 'removed');
  }

  async #sweepTombstone(found: Listed): Promise<Outcome> {
    if (keepsTombstone(this.#vfs, found.record)) return left('tombstone');
    if (!found.timed) return left('untimed');
    return this.#isOld(found.idleMs) ? this.#free(found, 'released', 'removed') : left('young');
  }

  #free({ file, record, version }: Listed, reason: SweptReason, action: Swept['action']): Promise<Outcome> {
    if (version === undefined) return Promise.resolve(left('changed'));
    return this.#unlessDry({ action, reason }, () =>
      freeByVersion(this.#vfs, lockPath(file.path), { record, version }),
    );
  }

  async #sweepLeftover(entry: Entry, idleMs: number | undefined): Promise<Outcome> {
    if (idleMs === undefined) return left('untimed');
    if (!this.#isOld(idleMs)) return left('young');
    const clear = async (): Promise<boolean> => (await this.#vfs.leftovers?.clear(entry)) ?? false;
    return this.#unlessDry({ action: 'removed', reason: 'leftover' }, clear);
  }

  #isOld(idleMs = 0): boolean {
    return idleMs >= Math.max(SAFE_AGE_MS, this.#options.olderThanMs);
  }

  /** A removal that has started is finished, so that the report is true. The signal only prevents the next one. */
  async #unlessDry(done: Outcome, remove: () => Promise<boolean>): Promise<Outcome> {
    if (this.#options.dryRun) return { ...done, action: 'would-remove' };
    this.#options.signal?.throwIfAborted();
    try {
      return (await remove()) ? done : left('changed');
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      return left('failed', error);
    }
  }
}
