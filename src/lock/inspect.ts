import { durationMs, type Duration } from '../util/duration.js';
import { BOOLEAN, checkOptions, DURATION, SIGNAL, type OptionKinds } from '../util/option-check.js';
import type { VfsFile } from '../vfs/file.js';
import { lockPath } from '../vfs/names.js';
import type { ForeignLock } from './model/foreign.js';
import { lockPathOf } from './model/lock-path.js';
import { contentionOf } from './model/holder.js';
import { openFile } from '../open.js';
import { LOCK_OPTIONS, type LockOptions } from './model/options.js';
import { resolveSignal } from './model/acquire-options.js';
import { lockKey } from './model/sightings.js';
import type { LockObservation, StalenessPolicy, StaleReason } from './model/staleness.js';
import { LockReader } from './model/reader.js';
import { progressAgeMs } from './model/progress.js';
import type { LockRecord } from './model/record.js';
import type { Waiter } from './model/waiter.js';
import { waitersFor, type WaitersOptions } from './model/waiters.js';
import { tokenOf } from './model/token.js';
import { run } from '../util/steps.js';
import type { CallOptions, Version, Vfs } from '../vfs/vfs.js';
import { StoreClock } from './store-clock.js';

/** The state of a lock when it was read. Times are milliseconds of the store's clock, and undefined where there is no lock. */
export interface Inspection {
  /**
   * `'free'`: there is no lock file. `'released'`: there is one, and it says that the lock is free. `'held'`: somebody holds it.
   * `'stale'`: the next caller gets it. `'unreadable'`: somebody unknown holds it, as the file is empty or its record is
   * incomplete. `'foreign'`: what stands there belongs to another program, and nobody gets the lock until that is gone.
   */
  readonly state: 'free' | 'held' | 'stale' | 'unreadable' | 'released' | 'foreign';
  /** Why it is stale. Undefined: it is not. */
  readonly reason: StaleReason | undefined;
  /** The content of the lock file. Undefined: there is none, or it is unreadable. Do not trust its texts. */
  readonly record: LockRecord | undefined;
  /**
   * The token of the latest acquisition with `fencing`, also where the lock is free by now. Undefined: nobody counted, or the record
   * has a token that this library does not write.
   */
  readonly fencingToken: bigint | undefined;
  /**
   * What another program has put in the lock's place: a file, or a folder as `proper-lockfile` makes it. With a folder the lock
   * is `'held'` for as long as that is touched. Undefined: it is a lock of this library, or there is none.
   */
  readonly foreign: ForeignLock | undefined;
  /** Milliseconds since the lock was acquired. */
  readonly ageMs: number | undefined;
  /** Milliseconds since the lock file was last written. */
  readonly idleMs: number | undefined;
  /** Milliseconds since its holder reported new progress, which is in `record.progress`. Undefined: it never did. */
  readonly progressAgeMs: number | undefined;
  /** Milliseconds until its lease and grace end unless it is renewed; 0: they have ended; Infinity: they never do. */
  readonly expiresInMs: number | undefined;
  /** Whether the store's clock was used. If not, ages are lower bounds and `expiresInMs` is an upper bound. */
  readonly timed: boolean;
  /** The display path of the lock file. */
  readonly path: string;
  /** The version of the lock file. Undefined: there is none. */
  readonly version: Version | undefined;
  /**
   * What `forceRelease` takes as `expect`: the `lockId`, or the version where there is none, as in records of the Go library.
   * Undefined: nobody holds the lock, or it belongs to another program.
   */
  readonly id: string | undefined;
  /**
   * Who waits for the lock and said so with `announce`, the longest first; of very many, not all. Those whose process on this host
   * has ended are left out. Absent: it was not asked for, with `waiters`.
   */
  readonly waiters?: readonly Waiter[];
}

/** How to inspect a lock. */
export interface InspectOptions extends Pick<LockOptions, 'lockPath'> {
  /**
   * How long an empty or incomplete lock file is respected before it counts as stale; your own `ttl` is a good choice.
   *
   * @default '30s'
   */
  readonly ttl?: Duration | undefined;
  /**
   * Also find out who waits and has left a mark, with `announce`. This takes one more listing for each folder with locks.
   *
   * @default false
   */
  readonly waiters?: boolean | undefined;
  /**
   * Ends the call with the signal's reason.
   *
   * @default none
   */
  readonly signal?: AbortSignal | undefined;
}

export const INSPECT_OPTIONS: OptionKinds<InspectOptions> = {
  ttl: DURATION,
  waiters: BOOLEAN,
  signal: SIGNAL,
  lockPath: LOCK_OPTIONS.lockPath,
};

/**
 * Reads the lock of a file, and never changes it. To learn the time of a disk or an SFTP server it makes a short-lived scratch
 * file beside the lock, if it may write there.
 *
 * @throws {LockOptionError} `ERR_LOCK_OPTION`: an option is unusable.
 * @throws {VfsError} The path or URI is unusable, or the lock file cannot be read.
 * @example
 * const { state, record } = await inspect('inbox/orders.csv');
 * if (state === 'held') console.log(`held by ${record?.ownerId}`);
 */
export async function inspect(file: string | URL | VfsFile, options: InspectOptions = {}): Promise<Inspection> {
  checkOptions('inspect', options, INSPECT_OPTIONS);
  const ttlMs = respectMs(options);
  const signal = resolveSignal(options);
  const opened = await openFile(file);
  const lock = lockPathOf(opened, options.lockPath);
  try {
    const inspector = new Inspector(opened.vfs, ttlMs);
    const inspection = await inspector.inspectLock(lock, { signal });
    if (!options.waiters) return inspection;
    return { ...inspection, waiters: await waitersFor(opened.vfs, lock, inspector.waitersOptions(signal)) };
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** How long an empty or incomplete lock file is respected, in milliseconds. */
export function respectMs({ ttl = '30s' }: Pick<InspectOptions, 'ttl'>): number {
  return durationMs(ttl, 'ttl', { infinity: true });
}

/** Reads any number of locks of one store, asking it for its time now and then. */
export class Inspector {
  readonly clock: StoreClock;
  readonly #vfs: Vfs;
  readonly #policy: StalenessPolicy;

  constructor(vfs: Vfs, ttlMs: number, ownerId = '') {
    this.clock = new StoreClock(vfs);
    this.#vfs = vfs;
    this.#policy = { ttlMs, ownerId, resolutionMs: vfs.capabilities.clock.resolutionMs };
  }

  /** How to look for those who wait. */
  waitersOptions(signal: AbortSignal | undefined): WaitersOptions {
    return { signal, nowMs: (folder) => this.clock.now(folder, { signal }) };
  }

  /** The lock of the file at `path`. */
  inspect(path: string, options: CallOptions): Promise<Inspection> {
    return this.inspectLock(lockPath(path), options);
  }

  /** The lock whose file is at `lock`. */
  async inspectLock(lock: string, options: CallOptions): Promise<Inspection> {
    this.#vfs.check(lock);
    const observation = await run(
      new LockReader(this.clock, { path: lock, key: lockKey(this.#vfs, lock) }, this.#policy).observe(options),
    );
    return inspectionOf(this.#vfs.locate(lock), observation);
  }
}

function inspectionOf(path: string, observation: LockObservation | undefined): Inspection {
  const { ageMs, expiresInMs } = contentionOf(path, observation?.state === 'free' ? undefined : observation);
  return {
    state: stateOf(observation),
    reason: observation?.reason,
    record: observation?.record,
    fencingToken: tokenOf(observation?.record),
    foreign: observation?.foreign,
    ageMs,
    idleMs: observation?.idleMs,
    progressAgeMs: progressAgeMs(observation?.record, ageMs),
    expiresInMs,
    timed: observation?.nowMs !== undefined && observation.nowMs >= observation.modifiedMs,
    path,
    version: observation?.version,
    id: idOf(observation),
  };
}

/** Records of the Go library, and files without a record, have only a version. */
function idOf(observation: LockObservation | undefined): string | undefined {
  if (observation === undefined || observation.state === 'free' || observation.foreign) return undefined;
  const { record, version } = observation;
  return record === undefined || record.lockId === '' ? version : record.lockId;
}

function stateOf(observation: LockObservation | undefined): Inspection['state'] {
  if (observation === undefined) return 'free';
  const { state, record, foreign } = observation;
  if (state === 'free') return 'released';
  return state === 'held' && record === undefined && foreign === undefined ? 'unreadable' : state;
}
