import { VfsError } from '../vfs/errors.js';
import type { VfsFile } from '../vfs/file.js';
import { lockPath } from '../vfs/names.js';
import type { StaleReason } from '../lock/model/staleness.js';
import type { LockRecord } from '../lock/model/record.js';
import type { Entry, Vfs } from '../vfs/vfs.js';
import type { Inspector } from '../lock/inspect.js';
import { lookAt, type Listed } from './list.js';
import { folderOf } from '../vfs/path.js';
import { keepsTombstone, freeByVersion } from './free.js';

/**
 * Why something was removed: `'expired'`, `'dead-process'` or `'unreadable'` as a stale lock, `'released'`: a tombstone,
 * `'leftover'` of a writer that was broken off. Why it was left: `'held'`; `'unreadable'`: it holds no lock record, and that
 * may mean that it is no lock; `'young'`: not as old as it would have to be; `'untimed'`: the store does not tell its time;
 * `'vetoed'` by `onStale`; `'tombstone'`: one that has to stay; `'changed'` between the look and the removal; `'failed'`.
 */
export type SweptReason =
  StaleReason | 'released' | 'leftover' | 'held' | 'young' | 'untimed' | 'vetoed' | 'tombstone' | 'changed' | 'failed';

/** What was done about one lock, leftover, or folder that could not be listed, and why. */
export interface Swept {
  readonly kind: 'lock' | 'leftover' | 'folder';
  /** `'released'`: a stale lock was overwritten with a tombstone, as its store or its fencing tokens need it. */
  readonly action: 'removed' | 'released' | 'left' | 'would-remove';
  readonly reason: SweptReason;
  /** The lock file, leftover or folder, as a person finds it. */
  readonly path: string;
  /** The file that the lock is of. */
  readonly file: VfsFile | undefined;
  readonly record: LockRecord | undefined;
  /** Since it was last written, in milliseconds of the store's clock, where that is known. */
  readonly idleMs: number | undefined;
  readonly error: unknown;
}

export interface SweepTerms {
  readonly dryRun: boolean;
  readonly olderThanMs: number;
  readonly unreadable: boolean;
  readonly onStale: ((record: LockRecord | undefined, reason: StaleReason, file: VfsFile) => unknown) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** No writer that lives leaves a private name alone for so long; one that was stopped for longer fails when it goes on. */
const SAFE_AGE_MS = 3_600_000;

type Verdict = Pick<Swept, 'action' | 'reason'> & { readonly error?: unknown };

const left = (reason: SweptReason, error?: unknown): Verdict => ({ action: 'left', reason, error });

/** Judges what was found in one store, and removes what nobody needs. */
export class Sweeper {
  readonly #vfs: Vfs;
  readonly #inspector: Inspector;
  readonly #terms: SweepTerms;

  constructor(vfs: Vfs, inspector: Inspector, terms: SweepTerms) {
    this.#vfs = vfs;
    this.#inspector = inspector;
    this.#terms = terms;
  }

  /** Undefined: there is no lock any more. */
  async lock(file: VfsFile): Promise<Swept | undefined> {
    const found = await lookAt(this.#inspector, file, this.#terms.signal);
    if (found === undefined) return undefined;
    const { path, record, idleMs } = found;
    return { kind: 'lock', path, file, record, idleMs, error: undefined, ...(await this.#aboutLock(found)) };
  }

  /** Undefined: it is one of this sweep's own. */
  async leftover(entry: Entry): Promise<Swept | undefined> {
    const { clock } = this.#inspector;
    if (clock.made(entry.path)) return undefined;
    const nowMs = await clock.now(folderOf(entry.path), { signal: this.#terms.signal });
    const idleMs = nowMs === undefined ? undefined : Math.max(0, nowMs - entry.modifiedMs);
    const about = { path: this.#vfs.locate(entry.path), file: undefined, record: undefined, idleMs };
    return { kind: 'leftover', ...about, error: undefined, ...(await this.#aboutLeftover(entry, idleMs)) };
  }

  async #aboutLock(found: Listed): Promise<Verdict> {
    const { state, error } = found;
    if (error) {
      this.#terms.signal?.throwIfAborted();
      return left('failed', error);
    }
    if (state === 'released') return this.#aboutTombstone(found);
    if (state !== 'stale') return left(state === 'unreadable' ? 'unreadable' : 'held');
    const { reason = 'expired', record, file, idleMs = 0 } = found;
    if (reason === 'unreadable' && !this.#terms.unreadable) return left('unreadable');
    if (idleMs < this.#terms.olderThanMs) return left('young');
    if ((await this.#terms.onStale?.(record, reason, file)) === false) return left('vetoed');
    return this.#vacated(found, reason, keepsTombstone(this.#vfs, record) ? 'released' : 'removed');
  }

  async #aboutTombstone(found: Listed): Promise<Verdict> {
    if (keepsTombstone(this.#vfs, found.record)) return left('tombstone');
    if (!found.timed) return left('untimed');
    return this.#isOld(found.idleMs) ? this.#vacated(found, 'released', 'removed') : left('young');
  }

  #vacated({ file, record, version }: Listed, reason: SweptReason, action: Swept['action']): Promise<Verdict> {
    if (version === undefined) return Promise.resolve(left('changed'));
    return this.#unlessDry({ action, reason }, () =>
      freeByVersion(this.#vfs, lockPath(file.path), { record, version }),
    );
  }

  async #aboutLeftover(entry: Entry, idleMs: number | undefined): Promise<Verdict> {
    if (idleMs === undefined) return left('untimed');
    if (!this.#isOld(idleMs)) return left('young');
    const clear = async (): Promise<boolean> => (await this.#vfs.leftovers?.clear(entry)) ?? false;
    return this.#unlessDry({ action: 'removed', reason: 'leftover' }, clear);
  }

  #isOld(idleMs = 0): boolean {
    return idleMs >= Math.max(SAFE_AGE_MS, this.#terms.olderThanMs);
  }

  /** What was begun is finished, so that what is told is what was done: the signal stops only what comes next. */
  async #unlessDry(done: Verdict, remove: () => Promise<boolean>): Promise<Verdict> {
    if (this.#terms.dryRun) return { ...done, action: 'would-remove' };
    this.#terms.signal?.throwIfAborted();
    try {
      return (await remove()) ? done : left('changed');
    } catch (error) {
      if (!(error instanceof VfsError)) throw error;
      return left('failed', error);
    }
  }
}
