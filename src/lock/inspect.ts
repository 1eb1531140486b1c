import { durationMs, type Duration } from '../util/duration.js';
import type { VfsFile } from '../vfs/file.js';
import { lockPath } from '../vfs/names.js';
import { contentionOf } from './model/holder.js';
import { openFile } from '../open.js';
import { resolveSignal } from './model/options.js';
import type { LockObservation, StalenessPolicy, StaleReason } from './model/staleness.js';
import { LockReader } from './model/reader.js';
import type { LockRecord } from './model/record.js';
import { run } from '../util/steps.js';
import type { CallOptions, Version, Vfs } from '../vfs/vfs.js';
import { StoreClock } from './store-clock.js';

/** What one look at a lock tells. Ages are in milliseconds of the store's clock, and undefined where there is no lock. */
export interface Inspection {
  /**
   * `'free'`: there is no lock file. `'released'`: there is one, and it says that the lock is free. `'held'`. `'stale'`: the
   * next one to ask gets it. `'unreadable'`: held by somebody unknown, since the file holds no lock record.
   */
  readonly state: 'free' | 'held' | 'stale' | 'unreadable' | 'released';
  /** Why it is stale. */
  readonly reason: StaleReason | undefined;
  /** What the lock file says; undefined when it cannot be read. Text in it is other people's. */
  readonly record: LockRecord | undefined;
  /** Since the lock was taken. */
  readonly ageMs: number | undefined;
  /** Since the lock file was last written. */
  readonly idleMs: number | undefined;
  /** Until its lease and grace are over unless it is renewed; Infinity when they never are, 0 when they are. */
  readonly expiresInMs: number | undefined;
  /** Whether the store told its time. Else ages are lower bounds and `expiresInMs` is an upper one. */
  readonly timed: boolean;
  /** The lock file, as a person finds it. */
  readonly path: string;
  /** Of the lock file, as it was seen. */
  readonly version: Version | undefined;
}

export interface InspectOptions {
  /** How long a lock that cannot be read is respected before it counts as stale: your own ttl. Default `'30s'`. */
  readonly ttl?: Duration;
  readonly signal?: AbortSignal;
}

/**
 * Looks at the lock of a file and never changes it. To learn the time of a disk or an SFTP server it makes a scratch file
 * beside the lock for a moment, where it may. Rejects with a `VfsError` when the lock file cannot be looked at.
 */
export async function inspect(file: string | URL | VfsFile, options: InspectOptions = {}): Promise<Inspection> {
  const ttlMs = respectMs(options);
  const signal = resolveSignal(options);
  const { vfs, path } = await openFile(file);
  try {
    return await new Inspector(vfs, ttlMs).inspect(path, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** How long an unreadable lock is respected. */
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

  /** The lock of the file at `path`. */
  async inspect(path: string, options: CallOptions): Promise<Inspection> {
    const lock = lockPath(path);
    this.#vfs.check(lock);
    const observation = await run(new LockReader(this.clock, lock, this.#policy).observe(options));
    return inspectionOf(this.#vfs.locate(lock), observation);
  }
}

function inspectionOf(path: string, observation: LockObservation | undefined): Inspection {
  const { ageMs, expiresInMs } = contentionOf(path, observation?.state === 'free' ? undefined : observation);
  return {
    state: stateOf(observation),
    reason: observation?.reason,
    record: observation?.record,
    ageMs,
    idleMs: observation?.idleMs,
    expiresInMs,
    timed: observation?.nowMs !== undefined && observation.nowMs >= observation.modifiedMs,
    path,
    version: observation?.version,
  };
}

function stateOf(observation: LockObservation | undefined): Inspection['state'] {
  if (observation === undefined) return 'free';
  if (observation.state === 'free') return 'released';
  return observation.state === 'held' && observation.record === undefined ? 'unreadable' : observation.state;
}
