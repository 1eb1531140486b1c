import { ask, type Eventual, type Steps } from '../../util/steps.js';
import { VfsError } from '../../vfs/errors.js';
import type { CallOptions, FolderTimes, ReadOptions, Snapshot, Version } from '../../vfs/vfs.js';
import { contentOf, FOREIGN_FOLDER, LOCKED_FILE } from './foreign.js';
import { MAX_RECORD_BYTES } from './record.js';
import { StalenessTracker, type LockFile, type LockObservation, type StalenessPolicy } from './staleness.js';

/** Where lock files are read: any `Vfs`, its synchronous side, or a `StoreClock`. */
export interface LockSource {
  read(path: string, options?: ReadOptions): Eventual<Snapshot | undefined>;
  folderTimes?(path: string, options?: ReadOptions): Eventual<FolderTimes | undefined>;
}

/** One byte more than a record may have, so that a longer file is recognised. */
export const READ_BYTES = MAX_RECORD_BYTES + 1;

/**
 * Reads a lock file, and no more of it than a record may have; or the times of a folder in its place. Undefined: there is
 * neither.
 */
export function* readLock(
  source: LockSource,
  path: string,
  options: CallOptions & Pick<ReadOptions, 'clock'> = {},
): Steps<LockFile | undefined> {
  try {
    const snapshot = yield* ask(source.read(path, { ...options, maxBytes: READ_BYTES }));
    if (snapshot === undefined) return undefined;
    const { version, modifiedMs, nowMs, isOnOwnDisk, isLocked, data } = snapshot;
    return { version, modifiedMs, nowMs, isOnOwnDisk, data, ...(isLocked ? LOCKED_FILE : contentOf(data)) };
  } catch (error) {
    if (!isNotAFile(error)) throw error;
    const times = yield* ask(source.folderTimes?.(path, options));
    if (times === undefined) throw error;
    const version = `folder-${String(times.modifiedMs)}` as Version;
    return { ...times, version, data: new Uint8Array(), ...FOREIGN_FOLDER };
  }
}

/** Whether a call failed because something else than a file stands in a lock file's place. */
export function isNotAFile(error: unknown): boolean {
  return error instanceof VfsError && error.code === 'ERR_VFS_NOT_A_FILE';
}

/** Reads one lock file, once or repeatedly, and decides whether the lock is free, held or stale. */
export class LockReader {
  readonly #source: LockSource;
  readonly #path: string;
  readonly #tracker: StalenessTracker;

  /** `key`: of the lock, from `lockKey`. */
  constructor(
    source: LockSource,
    { path, key }: { readonly path: string; readonly key: string },
    policy: StalenessPolicy,
  ) {
    this.#source = source;
    this.#path = path;
    this.#tracker = new StalenessTracker(key, policy);
  }

  /** Undefined: there is no lock file. */
  *observe(options: CallOptions): Steps<LockObservation | undefined> {
    const file = yield* readLock(this.#source, this.#path, { ...options, clock: this.#tracker.needsClock });
    if (file) return this.#tracker.observe(file);
    this.#tracker.observeAbsence();
    return undefined;
  }
}
