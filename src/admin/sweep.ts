import { durationMs, type Duration } from '../util/duration.js';
import { VfsError } from '../vfs/errors.js';
import type { VfsFile } from '../vfs/file.js';
import { waitersFolder } from '../vfs/names.js';
import { resolveSignal } from '../lock/model/acquire-options.js';
import type { StaleReason } from '../lock/model/staleness.js';
import type { LockRecord } from '../lock/model/record.js';
import { inParallel } from '../util/in-parallel.js';
import { Inspector, respectMs } from '../lock/inspect.js';
import { BOOLEAN, checkOptions, DURATION, FUNCTION, type OptionKinds } from '../util/option-check.js';
import { concurrencyOf } from '../util/in-parallel.js';
import { lockedFiles, LIST_OPTIONS, type ListLocksOptions } from './list.js';
import { openFolder, type Location } from '../open.js';
import { type Folder } from '../vfs/path.js';
import { Sweeper, type SweeperOptions, type Swept, type SweptReason } from './sweeper.js';

/** Options of `sweep`. */
export interface SweepOptions extends Omit<ListLocksOptions, 'onError' | 'waiters'> {
  /**
   * Report what would be removed, and remove nothing.
   * @default false
   */
  readonly dryRun?: boolean | undefined;
  /**
   * Keep what was written more recently than this: milliseconds or a duration string such as `'1h'`. It never removes more than the
   * default does: a lock only after its lease and grace have ended or its process has died, a tombstone or leftover only
   * when it is at least an hour old.
   * @default 0
   */
  readonly olderThan?: Duration | undefined;
  /**
   * Called before a stale lock is removed. Returning false keeps the lock, throwing ends the sweep.
   * @default none: every stale lock is removed
   */
  readonly onStale?: ((record: LockRecord | undefined, reason: StaleReason, file: VfsFile) => unknown) | undefined;
  /**
   * Also remove stale `*.lock` files that are empty or hold an incomplete record. Empty ones may belong to other programs,
   * such as `flock`. Files with any other content are never removed.
   * @default false
   */
  readonly unreadable?: boolean | undefined;
}

/** How many locks, leftovers and unlistable folders were found, by what was done with them. */
export interface SweepTotals {
  /** Removed; in a dry run, how many would have been. */
  readonly removed: number;
  /** Stale locks that were overwritten with a tombstone. */
  readonly released: number;
  /** Left as they were, including those that failed. */
  readonly left: number;
  /** Left because of an error. */
  readonly failed: number;
  /** How many there were for each reason. */
  readonly reasons: Readonly<Partial<Record<SweptReason, number>>>;
}

const { onError: _, waiters: __, ...LISTING } = LIST_OPTIONS;
const SWEEP_OPTIONS: OptionKinds<SweepOptions> = {
  ...LISTING,
  ...{ dryRun: BOOLEAN, olderThan: DURATION, onStale: FUNCTION, unreadable: BOOLEAN },
};

/**
 * Removes the stale locks in a folder. Each is removed by the version that was observed to be stale, so a lock that is renewed or
 * taken over meanwhile survives. Also removes the marks of those who announced a wait and have ended without removing them, and
 * tombstones and the leftovers of crashed processes once they are an hour old. Any number of sweeps may run at the same time.
 *
 * The sweep starts when it is iterated, which yields each thing found, or awaited, which returns the totals. A lock that cannot be
 * removed is reported with its error and left.
 *
 * @throws {LockOptionError} if the location or an option cannot be used.
 * @throws {VfsError} when it is iterated or awaited, if the folder itself cannot be listed.
 * @throws the reason of `signal`, when it is iterated or awaited, if that aborts.
 * @example
 * const { removed, left } = await sweep('inbox', { recursive: true });
 * @example
 * for await (const { path, action, reason } of sweep('inbox', { dryRun: true })) console.log(path, action, reason);
 */
export function sweep(location: Location, options: SweepOptions = {}): Sweep {
  checkOptions('sweep', options, SWEEP_OPTIONS);
  return new Sweep(sweepAll(location, options, { ...resolveSweeperOptions(options), ...resolveListing(options) }));
}

/** A sweep in progress: iterate it for each step, or await it for the totals. */
export class Sweep implements AsyncIterable<Swept>, PromiseLike<SweepTotals> {
  readonly #steps: AsyncGenerator<Swept>;
  readonly #reasons = new Map<SweptReason, number>();
  readonly #actions = new Map<Swept['action'], number>();
  #end: Promise<SweepTotals> | undefined;

  constructor(steps: AsyncGenerator<Swept>) {
    this.#steps = this.#counting(steps);
  }

  /** The totals so far. */
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

  /** Runs the sweep and yields each thing found. */
  [Symbol.asyncIterator](): AsyncIterator<Swept> {
    return this.#steps;
  }

  /** Runs the sweep to its end and passes on the totals. */
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

interface ResolvedSweepOptions extends SweeperOptions {
  readonly ttlMs: number;
  readonly concurrency: number;
}

async function* sweepAll(
  location: Location,
  options: SweepOptions,
  resolved: ResolvedSweepOptions,
): AsyncGenerator<Swept> {
  const signal = resolveSignal(options);
  const folder = await openFolder(location);
  const sweeper = new Sweeper(folder.vfs, new Inspector(folder.vfs, resolved.ttlMs), resolved);
  try {
    // A listing without what is below shows folders, but not in a store that has none.
    const marks = new Set(folder.vfs.removeFolder ? [] : [waitersFolder(folder.path)]);
    yield* sweepLocks(folder, sweeper, { ...options, onWaiters: (path) => void marks.add(path) }, resolved);
    yield* sweepLeftovers(folder, sweeper, options, resolved);
    for (const path of marks) yield* sweepMarks({ vfs: folder.vfs, path }, sweeper, options, resolved);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

async function* sweepLocks(
  folder: Folder,
  sweeper: Sweeper,
  { recursive = false, signal, onWaiters }: SweepOptions & { readonly onWaiters: (folder: string) => void },
  { concurrency }: ResolvedSweepOptions,
): AsyncGenerator<Swept> {
  const unlisted: Swept[] = [];
  const onError = (error: VfsError, path: string): void => {
    unlisted.push({ ...UNLISTED, path: folder.vfs.locate(path), error });
  };
  const locks = lockedFiles(folder, { recursive, onError, onWaiters, signal });
  for await (const step of inParallel(locks, concurrency, (file) => sweeper.lock(file))) {
    if (step) yield step;
    yield* unlisted.splice(0);
  }
  yield* unlisted;
}

async function* sweepLeftovers(
  { vfs, path }: Folder,
  sweeper: Sweeper,
  { recursive = false, signal }: SweepOptions,
  { concurrency }: ResolvedSweepOptions,
): AsyncGenerator<Swept> {
  if (vfs.leftovers === undefined) return;
  // The listing of locks has already reported the folders that cannot be listed.
  const found = vfs.leftovers.list(path, { recursive, signal, onError: () => undefined });
  for await (const step of inParallel(found, concurrency, (entry) => sweeper.leftover(entry))) if (step) yield step;
}

/** The marks of those who wait. A folder of them that cannot be listed is nothing that anybody needs. */
async function* sweepMarks(
  { vfs, path }: Folder,
  sweeper: Sweeper,
  { signal }: SweepOptions,
  { concurrency }: ResolvedSweepOptions,
): AsyncGenerator<Swept> {
  try {
    const found = vfs.list(path, { signal });
    for await (const step of inParallel(found, concurrency, (entry) => sweeper.mark(entry))) if (step) yield step;
  } catch (error) {
    if (!(error instanceof VfsError)) throw error;
    signal?.throwIfAborted();
  }
}

const UNLISTED = {
  kind: 'folder',
  action: 'left',
  reason: 'failed',
  file: undefined,
  record: undefined,
  idleMs: undefined,
} as const;

function resolveListing(options: SweepOptions): Pick<ResolvedSweepOptions, 'ttlMs' | 'concurrency'> {
  return { ttlMs: respectMs(options), concurrency: concurrencyOf(options) };
}

function resolveSweeperOptions({
  dryRun = false,
  olderThan = 0,
  unreadable = false,
  onStale,
  signal,
}: SweepOptions): SweeperOptions {
  const olderThanMs = durationMs(olderThan, 'olderThan', { zero: true });
  return { dryRun, olderThanMs, unreadable, onStale, signal };
}
