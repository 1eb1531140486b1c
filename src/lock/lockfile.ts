import { Acquisitions } from './acquisitions.js';
import { releaseAll, releaseOnExit } from './release-all.js';
import { FencedLock } from './fenced-lock.js';
import type { LockLostError } from './model/errors.js';
import { checkOptions } from '../util/option-check.js';
import { kindOf, LockOptionError } from '../util/option-error.js';
import { VfsFile } from '../vfs/file.js';
import { refuseReentrance } from './protocol/held-scopes.js';
import { namedPath, type NamedId } from './model/named.js';
import { lockPathOf } from './model/lock-path.js';
import { contentionOf, type Reclaimed } from './model/holder.js';
import { openFile } from '../open.js';
import { ACQUIRE_OPTIONS, resolveAcquireOptions, type AcquireOptions } from './model/acquire-options.js';
import {
  LOCK_OPTIONS,
  resolveLockOptions,
  type ResolvedLockOptions,
  type LockOptions,
  type RenewOptions,
} from './model/options.js';
import { lockTarget, type LockTarget } from './protocol/target.js';
import type { LockRecord } from './model/record.js';
import type { LockObservation } from './model/staleness.js';
import { LockReader, readLock } from './model/reader.js';
import { run } from '../util/steps.js';
import type { CallOptions, Vfs } from '../vfs/vfs.js';

const OF_ACQUIRE = saying('it is an option of acquire', ACQUIRE_OPTIONS);
const OF_LOCKFILE = saying('it is an option of Lockfile', LOCK_OPTIONS);

function saying(hint: string, options: object): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.keys(options).map((name) => [name, hint]));
}

/**
 * The lock of one file, for programs that acquire and release it themselves; `withLock` does both. One object can be acquired
 * any number of times, one after the other. It renews its lease in the background while it is held.
 *
 * @example
 * const lock = await Lockfile.open('inbox/orders.csv', { ttl: '1m' });
 * await lock.acquire({ wait: '10s' });
 * try {
 *   await work({ signal: lock.signal });
 *   lock.assertHeld();
 * } finally {
 *   await lock.release();
 * }
 */
export class Lockfile extends FencedLock {
  readonly #target: LockTarget;
  readonly #options: ResolvedLockOptions;
  readonly #acquisitions: Acquisitions;

  /**
   * Does no I/O, unless `realpath` is set. For a path or a URI use `Lockfile.open`.
   *
   * @throws {LockOptionError} `ERR_LOCK_OPTION`: an option is unusable, or `file` is no `VfsFile`.
   * @throws {VfsError} `ERR_VFS_UNSUPPORTED`: the store cannot exclude others. `ERR_VFS_PATH`: the name of the lock file would
   *   be too long for the store.
   */
  constructor(file: VfsFile, options: LockOptions = {}) {
    if (!(file instanceof VfsFile)) {
      throw new LockOptionError(`file must be a VfsFile, not ${kindOf(file)}; use Lockfile.open for paths and URIs`);
    }
    checkOptions('Lockfile', options, LOCK_OPTIONS, OF_ACQUIRE);
    const locked = options.realpath ? file.real() : file;
    const target = lockTarget(file.vfs, file.vfs, lockPathOf(locked, options.lockPath));
    const resolved = resolveLockOptions(options);
    const acquisitions = new Acquisitions(target, resolved);
    super(locked, target, acquisitions, resolved.fencing);
    this.#target = target;
    this.#options = resolved;
    this.#acquisitions = acquisitions;
  }

  /**
   * The lock of a file given by path or URI. It is not acquired yet.
   *
   * @throws As `openFile` and the constructor do.
   * @example
   * const lock = await Lockfile.open('s3://bucket/inbox/orders.csv');
   */
  static async open(file: string | URL | VfsFile, options?: LockOptions): Promise<Lockfile> {
    return new Lockfile(await openFile(file), options);
  }

  /**
   * The lock of something that is not a file, such as a customer or a job. Its lock file is at the root of `vfs`. Different ids
   * are different locks; a number and a bigint of the same value are the same id.
   *
   * @throws As the constructor does; also `ERR_LOCK_OPTION` for an `id` of another type.
   * @example
   * const lock = Lockfile.named(localVfs({ root: '/var/lock/shop' }), 'customer 17');
   */
  static named(vfs: Vfs, id: NamedId, options?: LockOptions): Lockfile {
    return new Lockfile(new VfsFile(vfs, namedPath(id)), options);
  }

  /**
   * Releases every lock that this process holds, however it was acquired, and ends every acquisition that is under way with a
   * `LockNotHeldError`. Resolves with the number of locks that were held until then. A release that fails is a process warning and
   * no error; that lock ends with its lease.
   *
   * @example
   * process.once('SIGTERM', async () => {
   *   await Lockfile.releaseAll();
   *   process.exit(143);
   * });
   */
  static releaseAll(): Promise<number> {
    return releaseAll();
  }

  /**
   * From now on, releases the locks on local disks when this process exits: at its end, by `process.exit`, or by an error that
   * nobody caught. An exit cannot wait, so locks in other stores stay until their lease ends. A signal that nobody handles, such
   * as SIGTERM, ends the process without an exit: see `releaseAll`. Returns a function that turns this off again.
   *
   * @example
   * Lockfile.releaseOnExit();
   */
  static releaseOnExit(): () => void {
    return releaseOnExit();
  }

  /** The display path of the lock file: an absolute path on the local disk, elsewhere a URI. */
  get path(): string {
    return this.#target.displayPath;
  }

  /**
   * Waits until this object holds the lock, for at most `wait`. Callers in this process get it in the order in which they asked.
   * After a rejection the lock is not held.
   *
   * @throws {LockHeldError} `ERR_LOCK_HELD`: somebody else holds the lock and `wait` is 0, or this object holds it or waits for
   *   it already.
   * @throws {LockTimeoutError} `ERR_LOCK_TIMEOUT`: the lock did not become free within `wait`.
   * @throws {LockReentrantError} `ERR_LOCK_REENTRANT`: the caller runs inside `withLock` of this lock.
   * @throws {LockForeignError} `ERR_LOCK_FOREIGN`: what stands in the lock's place belongs to another program.
   * @throws {LockTokenError} `ERR_LOCK_TOKEN`: with `fencing`, the count of tokens in the lock file is unusable.
   * @throws {LockOptionError} `ERR_LOCK_OPTION`: `wait` or `signal` is unusable.
   * @throws {VfsError} The store failed.
   * @throws {LockNotHeldError} `ERR_LOCK_NOT_HELD`: `release` was called meanwhile.
   * @throws The reason of `signal` when it aborts, and whatever `onStale` throws.
   */
  async acquire(options: AcquireOptions = {}): Promise<void> {
    checkOptions('acquire', options, ACQUIRE_OPTIONS, OF_LOCKFILE);
    const wait = resolveAcquireOptions(options);
    refuseReentrance(this.#target);
    await this.#acquisitions.wait(wait);
  }

  /**
   * Acquires the lock if it is free or stale, without waiting. False: somebody else, in this process or elsewhere, holds it.
   *
   * @throws {LockHeldError} `ERR_LOCK_HELD`: this object itself holds the lock or waits for it.
   * @throws {LockForeignError} `ERR_LOCK_FOREIGN`: what stands in the lock's place belongs to another program.
   * @throws {LockTokenError} `ERR_LOCK_TOKEN`: with `fencing`, the count of tokens in the lock file is unusable.
   * @throws {LockNotHeldError} `ERR_LOCK_NOT_HELD`: `release` was called meanwhile.
   * @throws {VfsError} The store failed.
   */
  tryAcquire(): Promise<boolean> {
    return this.#acquisitions.try();
  }

  /**
   * Renews the lease now, so that it lasts a whole `ttl` from here. Needed with `renew: false` only; otherwise it happens in the
   * background every third of `ttl`. A `processGroup` is written along with it.
   *
   * @throws {LockLostError} `ERR_LOCK_LOST`: the lock was lost.
   * @throws {LockNotHeldError} `ERR_LOCK_NOT_HELD`: the lock was never acquired, or was released.
   * @throws {VfsError} The store failed; the lock may still be held until its deadline.
   */
  async renew({ processGroup }: RenewOptions = {}): Promise<void> {
    const last = this.#acquisitions.last();
    if (processGroup !== undefined) last.lease.change({ processGroup });
    await last.renew();
  }

  /**
   * Releases the lock. It is not held any more from the moment of this call. True: it was held until then, by its own deadline.
   * False: it was not held, or was lost before, and no lock of anybody else was changed. Calls during a release share it.
   *
   * During an `acquire` or `tryAcquire` of this object it cancels that, which rejects with a `LockNotHeldError`, and resolves with
   * false when that has ended and nothing is held.
   *
   * @throws {VfsError} The store failed; the lock ends with its lease, unless a second call succeeds.
   */
  async release(): Promise<boolean> {
    return this.#acquisitions.end();
  }

  /** Releases the lock at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  /**
   * Reads the record in the lock file, whoever wrote it. Undefined: there is no lock file, or it holds no record.
   *
   * @throws {VfsError} The lock file cannot be read.
   */
  async metadata(options?: CallOptions): Promise<LockRecord | undefined> {
    return (await run(readLock(this.file.vfs, this.#target.path, options)))?.record;
  }

  /**
   * Reads how long the lock has been held, by whomever, in milliseconds of the store's clock. Undefined: nobody holds it. A
   * lower bound where the store has no clock.
   *
   * @throws {VfsError} The lock file cannot be read.
   */
  async age(options?: CallOptions): Promise<number | undefined> {
    const observation = await this.#observe(options);
    return observation?.state === 'free' ? undefined : contentionOf(this.path, observation).ageMs;
  }

  /**
   * Reads whether there is a lock that may be taken over: its lease and grace have ended, its process on this host has ended, or
   * its file is empty or incomplete and older than the `ttl` of this object.
   *
   * @throws {VfsError} The lock file cannot be read.
   */
  async isStale(options?: CallOptions): Promise<boolean> {
    return (await this.#observe(options))?.state === 'stale';
  }

  /** Whether this object holds the lock now. Its own deadline decides, so it needs no I/O and no timer. */
  get held(): boolean {
    return this.#acquisitions.latest?.held ?? false;
  }

  /** Milliseconds until the lock is lost unless it is renewed; 0 when it is not held, Infinity when its `ttl` is. */
  get remainingMs(): number {
    return this.held ? this.#acquisitions.last().limits.remainingMs : 0;
  }

  /** The record that this object wrote when it acquired or last renewed the lock. Undefined: the lock is not held. */
  get record(): LockRecord | undefined {
    return this.held ? this.#acquisitions.last().lease.record : undefined;
  }

  /** How the last acquisition was lost while it was held. Undefined: it was not lost. */
  get loss(): LockLostError | undefined {
    return this.#acquisitions.latest?.loss;
  }

  /**
   * Aborts with a `LockLostError` when the lock is lost while it is held, at the latest at its deadline. Each acquisition has a
   * new one. Pass it on to everything that the lock protects.
   *
   * @throws {LockNotHeldError} `ERR_LOCK_NOT_HELD`: the lock was never acquired by this object.
   */
  get signal(): AbortSignal {
    return this.#acquisitions.last().signal;
  }

  /**
   * Resolves with the error when the lock is lost while it is held; stays pending when it is released in time.
   *
   * @throws {LockNotHeldError} `ERR_LOCK_NOT_HELD`: the lock was never acquired by this object.
   */
  get lost(): Promise<LockLostError> {
    return this.#acquisitions.last().lost;
  }

  /**
   * Throws unless this object holds the lock now; call it right before an effect that must not happen twice.
   *
   * @throws {LockLostError} `ERR_LOCK_LOST`: the lock was lost.
   * @throws {LockNotHeldError} `ERR_LOCK_NOT_HELD`: the lock was never acquired, or was released.
   */
  assertHeld(): void {
    this.#acquisitions.last().assertHeld();
  }

  /**
   * The stale lock that the last acquisition replaced, so that unfinished work can be repaired. Undefined: the lock was free.
   * Exactly one of all who compete for a stale lock gets to see it here.
   */
  get reclaimedFrom(): Reclaimed | undefined {
    return this.#acquisitions.latest?.reclaimed;
  }

  #observe(options: CallOptions = {}): Promise<LockObservation | undefined> {
    const { path, queueKey, resolutionMs } = this.#target;
    const { ttlMs, ownerId } = this.#options;
    return run(
      new LockReader(this.file.vfs, { path, key: queueKey }, { ttlMs, ownerId, resolutionMs }).observe(options),
    );
  }
}
