import { durationMs, type Duration } from '../util/duration.js';
import { LockOptionError } from '../util/option-error.js';
import { type VfsError } from '../vfs/errors.js';
import type { VfsFile } from '../vfs/file.js';
import { resolveSignal } from '../lock/model/options.js';
import type { StaleReason } from '../lock/model/staleness.js';
import type { LockRecord } from '../lock/model/record.js';
import { inParallel } from '../util/in-parallel.js';
import { Inspector, respectMs } from '../lock/inspect.js';
import { concurrencyOf } from '../util/in-parallel.js';
import { lockedFiles, type ListLocksOptions } from './list.js';
import { openFolder, type Location } from '../open.js';
import { type Folder } from '../vfs/path.js';
import { Sweeper, type SweepTerms, type Swept, type SweptReason } from './sweeper.js';

export interface SweepOptions extends Omit<ListLocksOptions, 'onError'> {
  /** Tell what would be removed, and remove nothing. Default false. */
  readonly dryRun?: boolean;
  /**
   * Leave what was written more recently. It only ever keeps more: a lock is never removed before its lease and grace are over,
   * or its process has died, and a tombstone or leftover never before it is an hour old. Default 0.
   */
  readonly olderThan?: Duration;
  /** Asked before a stale lock is removed; returning false leaves it alone, throwing ends the sweep. */
  readonly onStale?: (record: LockRecord | undefined, reason: StaleReason, file: VfsFile) => unknown;
  /** Also remove stale `*.lock` files that hold no lock record. Default false, as they may be anybody's: `yarn.lock`. */
  readonly unreadable?: boolean;
}

/** How many locks, leftovers and unlisted folders there were, by what was done and why. */
export interface SweepTotals {
  /** Those of a dry run are the ones that would have been. */
  readonly removed: number;
  readonly released: number;
  /** Those that failed are among them. */
  readonly left: number;
  readonly failed: number;
  readonly reasons: Readonly<Partial<Record<SweptReason, number>>>;
}

/**
 * Removes the stale locks in a folder, each by the version that was seen stale, so that one renewed or taken over meanwhile
 * survives; and, past an hour, tombstones and what crashed writers left. Any number of sweeps may run at once.
 *
 * It begins when it is iterated, which tells of each thing found, or awaited, which gives the totals. It rejects when the folder
 * itself cannot be listed or the signal aborts; whatever else fails is told and left.
 */
export function sweep(location: Location, options: SweepOptions = {}): Sweep {
  return new Sweep(swept(location, options, { ...termsOf(options), ...readingOf(options) }));
}

/** A sweep under way: an iteration of what is done, and a promise of the totals. */
export class Sweep implements AsyncIterable<Swept>, PromiseLike<SweepTotals> {
  readonly #steps: AsyncGenerator<Swept>;
  readonly #reasons = new Map<SweptReason, number>();
  readonly #actions = new Map<Swept['action'], number>();
  #end: Promise<SweepTotals> | undefined;

  constructor(steps: AsyncGenerator<Swept>) {
    this.#steps = this.#counting(steps);
  }

  /** As of now. */
  get totals(): SweepTotals {
    const count = (action: Swept['action']): number => this.#actions.get(action) ?? 0;
    return {
      removed: count('removed') + count('would-remove'),
      released: count('released'),
      left: count('left'),
      failed: this.#reasons.get('failed') ?? 0,
      reasons: Object.fromEntries(this.#reasons),
    };
  }

  [Symbol.asyncIterator](): AsyncIterator<Swept> {
    return this.#steps;
  }

  then<A = SweepTotals, B = never>(
    fulfilled?: ((totals: SweepTotals) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return (this.#end ??= this.#finish()).then(fulfilled, rejected);
  }

  async #finish(): Promise<SweepTotals> {
    while (!(await this.#steps.next()).done);
    return this.totals;
  }

  async *#counting(steps: AsyncGenerator<Swept>): AsyncGenerator<Swept> {
    for await (const step of steps) {
      this.#actions.set(step.action, (this.#actions.get(step.action) ?? 0) + 1);
      this.#reasons.set(step.reason, (this.#reasons.get(step.reason) ?? 0) + 1);
      yield step;
    }
  }
}

interface Terms extends SweepTerms {
  readonly ttlMs: number;
  readonly concurrency: number;
}

async function* swept(location: Location, options: SweepOptions, terms: Terms): AsyncGenerator<Swept> {
  const signal = resolveSignal(options);
  const folder = await openFolder(location);
  const sweeper = new Sweeper(folder.vfs, new Inspector(folder.vfs, terms.ttlMs), terms);
  try {
    yield* sweptLocks(folder, sweeper, options, terms);
    yield* sweptLeftovers(folder, sweeper, options, terms);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

async function* sweptLocks(
  folder: Folder,
  sweeper: Sweeper,
  { recursive = false, signal }: SweepOptions,
  { concurrency }: Terms,
): AsyncGenerator<Swept> {
  const unlisted: Swept[] = [];
  const onError = (error: VfsError, path: string): void => {
    unlisted.push({ ...UNLISTED, path: folder.vfs.locate(path), error });
  };
  const locks = lockedFiles(folder, { recursive, onError, ...(signal && { signal }) });
  for await (const step of inParallel(locks, concurrency, (file) => sweeper.lock(file))) {
    if (step) yield step;
    yield* unlisted.splice(0);
  }
  yield* unlisted;
}

async function* sweptLeftovers(
  { vfs, path }: Folder,
  sweeper: Sweeper,
  { recursive = false, signal }: SweepOptions,
  { concurrency }: Terms,
): AsyncGenerator<Swept> {
  if (vfs.leftovers === undefined) return;
  // Which folders cannot be listed was told already.
  const found = vfs.leftovers.list(path, { recursive, signal, onError: () => undefined });
  for await (const step of inParallel(found, concurrency, (entry) => sweeper.leftover(entry))) if (step) yield step;
}

const UNLISTED = {
  kind: 'folder',
  action: 'left',
  reason: 'failed',
  file: undefined,
  record: undefined,
  idleMs: undefined,
} as const;

function readingOf(options: SweepOptions): Pick<Terms, 'ttlMs' | 'concurrency'> {
  return { ttlMs: respectMs(options), concurrency: concurrencyOf(options) };
}

function termsOf({ dryRun = false, olderThan = 0, unreadable = false, onStale, signal }: SweepOptions): SweepTerms {
  const olderThanMs = durationMs(olderThan, 'olderThan', { zero: true });
  for (const [name, value] of Object.entries({ dryRun, unreadable })) {
    if (typeof value !== 'boolean') throw new LockOptionError(`${name} must be a boolean, not ${typeof value}`);
  }
  if (onStale !== undefined && typeof onStale !== 'function') throw new LockOptionError('onStale must be a function');
  return { dryRun, olderThanMs, unreadable, onStale, signal };
}
