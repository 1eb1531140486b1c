import { tryOnce, waitFor } from './protocol/acquire.js';
import { Contender } from './protocol/contender.js';
import type { Reclaimed } from './model/holder.js';
import { LockHeldError, LockNotHeldError, type LockLostError } from './model/errors.js';
import { LockOptionError } from '../util/option-error.js';
import { VfsFile } from '../vfs/file.js';
import type { HeldLock } from './protocol/held-lock.js';
import { namedPath, type NamedId } from './model/named.js';
import { contentionOf } from './model/holder.js';
import { openFile } from '../open.js';
import {
  resolveSignal,
  resolveLockOptions,
  type ResolvedLockOptions,
  resolveWait,
  type AcquireOptions,
  type LockOptions,
} from './model/options.js';
import { lockTarget, type LockTarget } from './protocol/target.js';
import type { LockRecord } from './model/record.js';
import type { LockObservation } from './model/staleness.js';
import { LockReader, readLock } from './model/reader.js';
import { run } from '../util/steps.js';
import type { CallOptions, Vfs } from '../vfs/vfs.js';

/** A lock on one file, which can be taken and given back any number of times, but not twice at once. */
export class Lockfile {
  readonly file: VfsFile;
  readonly #target: LockTarget;
  readonly #options: ResolvedLockOptions;
  /** The present acquisition, or the one before. */
  #held: HeldLock | undefined;
  #acquiring = false;

  /** Checks the options and the path, and does no I/O. */
  constructor(file: VfsFile, options: LockOptions = {}) {
    if (!(file instanceof VfsFile))
      throw new LockOptionError('file must be a VfsFile; use Lockfile.open for paths and URIs');
    this.file = file;
    this.#target = lockTarget(file.vfs, file.vfs, file.path);
    this.#options = resolveLockOptions(options);
  }

  /** A lock on a file given by path or URI. */
  static async open(file: string | URL | VfsFile, options?: LockOptions): Promise<Lockfile> {
    return new Lockfile(await openFile(file), options);
  }

  /** A lock on something that is no file, kept at the root of a store. Distinct ids are distinct locks, `5` and `5n` the same. */
  static named(vfs: Vfs, id: NamedId, options?: LockOptions): Lockfile {
    return new Lockfile(new VfsFile(vfs, namedPath(id)), options);
  }

  /** The lock file, as a person finds it. */
  get path(): string {
    return this.#target.displayPath;
  }

  /**
   * Waits until the lock is held. Rejects with `LockHeldError` (`wait: 0`) or `LockTimeoutError` while somebody else holds it,
   * with the reason of an aborted signal, or with a `VfsError`.
   */
  async acquire(options: AcquireOptions = {}): Promise<void> {
    const waitMs = resolveWait(options);
    const signal = resolveSignal(options);
    const contender = this.#startAcquiring();
    try {
      this.#held = await waitFor(contender, waitMs, signal);
    } finally {
      this.#acquiring = false;
    }
  }

  /** Takes the lock if it is free or stale, without waiting. False: somebody else holds it. */
  async tryAcquire(): Promise<boolean> {
    const contender = this.#startAcquiring();
    try {
      const held = await tryOnce(contender);
      if (held) this.#held = held;
      return held !== undefined;
    } finally {
      this.#acquiring = false;
    }
  }

  /** Renews the lease now. Rejects with `LockLostError`, `LockNotHeldError`, or a `VfsError` after which it may still be held. */
  async renew(): Promise<void> {
    await this.#last().renew();
  }

  /**
   * Gives the lock back. False: it was not held, or was lost before, and then nothing of anybody else's was touched. Rejects
   * with a `VfsError` when the store fails; the lock is then free when its lease ends, or when a second try succeeds.
   */
  async release(): Promise<boolean> {
    return (await this.#held?.release()) ?? false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  /** The record in the lock file, whoever wrote it. Undefined: there is none, or it cannot be read. */
  async metadata(options?: CallOptions): Promise<LockRecord | undefined> {
    return (await run(readLock(this.file.vfs, this.#target.path, options)))?.record;
  }

  /** Milliseconds since the lock was taken, by whomever, by the store's clock. Undefined: nobody holds it. */
  async age(options?: CallOptions): Promise<number | undefined> {
    const sighting = await this.#observe(options);
    return sighting?.state === 'free' ? undefined : contentionOf(this.path, sighting).ageMs;
  }

  /** Whether there is a lock that may be taken over: its lease is over, its process is dead, or nobody can read it. */
  async isStale(options?: CallOptions): Promise<boolean> {
    return (await this.#observe(options))?.state === 'stale';
  }

  /** Whether this object holds the lock, decided by its own deadline at the moment of asking. */
  get held(): boolean {
    return this.#held?.held ?? false;
  }

  /** Milliseconds until the lock is lost unless it is renewed; 0 when it is not held. */
  get remainingMs(): number {
    return this.held ? this.#last().lease.remainingMs : 0;
  }

  /** What the holder wrote when it took or last renewed the lock. Undefined: not held. */
  get record(): LockRecord | undefined {
    return this.held ? this.#last().lease.record : undefined;
  }

  /** How the lock was lost while it was held. Undefined: it was not. */
  get loss(): LockLostError | undefined {
    return this.#held?.loss;
  }

  /** Aborts with a `LockLostError` when the lock is lost while it is held. A new one for each acquisition. */
  get signal(): AbortSignal {
    return this.#last().signal;
  }

  /** Resolves with the error when the lock is lost while it is held; stays open when it is released in time. */
  get lost(): Promise<LockLostError> {
    return this.#last().lost;
  }

  /** Throws `LockLostError` or `LockNotHeldError` unless this object holds the lock at this very moment. */
  assertHeld(): void {
    this.#last().assertHeld();
  }

  /** The stale lock that this acquisition took over. Of all who saw it stale exactly one gets to see it here. */
  get reclaimedFrom(): Reclaimed | undefined {
    return this.#held?.reclaimed;
  }

  #last(): HeldLock {
    if (this.#held === undefined) throw new LockNotHeldError(`the lock ${this.path} was never acquired by this object`);
    return this.#held;
  }

  #startAcquiring(): Contender {
    if (this.#acquiring || this.held) {
      const contention = { path: this.path, record: this.record, ageMs: undefined, expiresInMs: undefined };
      const message = `this Lockfile object holds or awaits ${this.path} already; use another object`;
      throw new LockHeldError(message, contention);
    }
    this.#acquiring = true;
    return new Contender(this.#target, this.#options);
  }

  #observe(options: CallOptions = {}): Promise<LockObservation | undefined> {
    const { path, resolutionMs } = this.#target;
    const { ttlMs, ownerId } = this.#options;
    return run(new LockReader(this.file.vfs, path, { ttlMs, ownerId, resolutionMs }).observe(options));
  }
}
