import { monotonicMs } from '../../util/time.js';
import { now, type Instant } from '../../util/instant.js';
import { LockForeignError, type LockContention } from '../model/errors.js';
import { newRecord } from './new-record.js';
import { freshId, twoFreshIds } from '../../util/fresh-id.js';
import { contentionOf, type Reclaimed } from '../model/holder.js';
import type { ResolvedLockOptions } from '../model/options.js';
import { isNotAFile, LockReader } from '../model/reader.js';
import { encodeRecord, type EndedLock, type LockRecord } from '../model/record.js';
import { nextToken } from '../model/token.js';
import type { LockObservation } from '../model/staleness.js';
import { ask, type Eventual, type Steps } from '../../util/steps.js';
import { knownToken, noteToken } from './known-tokens.js';
import { attempt, Lease, type Sent } from './lease.js';
import { type LockTarget } from './target.js';
import { SentRecords } from './sent-records.js';
import { recallTombstone } from './tombstones.js';
import { VfsError } from '../../vfs/errors.js';
import type { CallOptions, Version, Written } from '../../vfs/vfs.js';

/** A lock that was just acquired, and the stale lock that it replaces, if there was one. */
export interface Acquired {
  readonly lease: Lease;
  readonly reclaimed: Reclaimed | undefined;
}

/** How often one try reads the lock again when it changes hands meanwhile. */
const READS_PER_TRY = 4;

/**
 * One caller's attempt at a lock, over as many tries as it makes: creates the lock when it is free, takes it over when it is
 * stale. After a try that fails, `contention` says who holds the lock.
 */
export class Contender {
  readonly target: LockTarget;
  readonly options: ResolvedLockOptions;
  readonly #reader: LockReader;
  readonly startedMs = monotonicMs();
  /** Another caller in this process has the lock, or is before this one in the queue for it. */
  queued = false;
  #attempts = 0;
  #contention: LockContention;
  readonly #vetoed = new Set<Version>();
  readonly #sent = new SentRecords();
  /**
   * The instant before the first write whose outcome is unknown. If it turns out to have succeeded, the lease counts from here.
   */
  #unsettledSince: Instant | undefined;
  #unanswered = false;
  #reclaiming: Reclaimed | undefined;
  #failure: Error | undefined;
  #wasRead = false;
  #isHeld = false;
  #isOutdated = false;
  #lockId: string | undefined;

  constructor(target: LockTarget, options: ResolvedLockOptions) {
    this.target = target;
    this.options = options;
    const { ttlMs, ownerId } = options;
    this.#reader = new LockReader(
      target.store,
      { path: target.path, key: target.queueKey },
      { ttlMs, ownerId, resolutionMs: target.resolutionMs },
    );
    this.#contention = contentionOf(target.displayPath, undefined);
  }

  /** Drawn when it is needed: of callers that wait or fail, nobody may ever ask for it. */
  get lockId(): string {
    return (this.#lockId ??= freshId());
  }

  /** Who held the lock when it was last read. */
  get contention(): LockContention {
    return { ...this.#contention, inThisProcess: this.queued };
  }

  /** How many tries there were. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Why the last write failed, unless the store answered one since. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Whether somebody else took the lock since it was last read. */
  get isOutdated(): boolean {
    return this.#isOutdated;
  }

  /** Whether a read of the lock was ever answered, so that it is known what stood there. */
  get wasRead(): boolean {
    return this.#wasRead;
  }

  /** Whether somebody held the lock when it was last read, or holds it in this process. */
  get isHeldByAnother(): boolean {
    return this.#isHeld || this.queued;
  }

  /** Whether a free lock probably has a lock file, which says so. */
  get expectsTombstone(): boolean {
    const { record } = this.#contention;
    return this.target.tombstone || this.options.fencing || (record !== undefined && record.fencingToken !== '');
  }

  /**
   * A try for when the lock is probably free. It begins with a write, or with a read where that costs less. Undefined: somebody
   * else holds the lock.
   */
  *tryCreate(options: CallOptions): Steps<Acquired | undefined> {
    const { store, path } = this.target;
    const tombstone = recallTombstone(this.target.queueKey);
    const expectsFile = this.expectsTombstone || store.wasSeen?.(path);
    // Somebody else's tombstone would refuse a write that expects no file.
    if (tombstone === undefined && expectsFile) return yield* this.tryTakeOver(options);
    this.#attempts += 1;
    const wasHeld = this.#isHeld;
    const acquired = yield* this.#write(tombstone, undefined, options);
    if (acquired !== undefined) return acquired;
    // Another caller was faster, on a disk whose answers are exact. To read who it was costs each of those who wait more than the write.
    this.#isOutdated = wasHeld && tombstone === undefined && this.target.immediate && this.#failure === undefined;
    return this.#isOutdated ? undefined : yield* this.#evaluate(options);
  }

  /** A try that begins with a read, for when the lock was held a moment ago. Undefined: somebody else holds it. */
  *tryTakeOver(options: CallOptions): Steps<Acquired | undefined> {
    this.#attempts += 1;
    return yield* this.#evaluate(options);
  }

  /** Reads the lock and changes nothing. */
  *inspect(options: CallOptions): Steps<LockObservation | undefined> {
    const found = yield* this.#reader.observe(options);
    this.#contention = contentionOf(this.target.displayPath, found);
    this.#wasRead = true;
    this.#isOutdated = false;
    noteToken(this.target.queueKey, found?.record);
    this.#isHeld =
      found !== undefined && (found.state === 'held' || found.state === 'foreign' || this.#vetoed.has(found.version));
    return found;
  }

  /** For a caller that gives up: releases a lock that it acquired without having learned of it. */
  *abandon(options: CallOptions): Steps<void> {
    if (this.#unsettledSince === undefined) return;
    const found = yield* this.inspect(options);
    const ours = this.#recognise(found);
    if (ours) yield* ours.lease.release(options);
  }

  *#evaluate(options: CallOptions): Steps<Acquired | undefined> {
    for (let reads = 0; ; reads += 1) {
      const found = yield* this.inspect(options);
      const ours = this.#recognise(found);
      if (ours) {
        if (yield* this.#isFresh(ours.lease, options)) return ours;
        continue;
      }
      if (!this.#unanswered) this.#unsettledSince = undefined;
      // Nobody holds it, and the store does not let us have it.
      if (reads >= READS_PER_TRY && this.#failure && !this.#isHeld) throw this.#failure;
      if (reads >= READS_PER_TRY || !(yield* this.#mayTake(found))) return undefined;
      const reclaimed = found?.reason && { ...found.record, reason: found.reason };
      const acquired = yield* this.#write(found, reclaimed, options, found?.record?.ended);
      if (acquired) return acquired;
    }
  }

  *#mayTake(found: LockObservation | undefined): Steps<boolean> {
    if (found === undefined || found.state === 'free') return true;
    if (found.state === 'foreign' && found.foreign) throw new LockForeignError(this.target.displayPath, found.foreign);
    if (found.reason === undefined || this.#vetoed.has(found.version)) return false;
    const answer = yield* ask(this.options.onStale?.(found.record, found.reason));
    if (answer !== false) return true;
    this.#vetoed.add(found.version);
    this.#isHeld = true;
    return false;
  }

  /** Writes our record over the one of `before`, or where no file is. Undefined: the store did not say that the lock is ours. */
  *#write(
    before: Pick<LockObservation, 'record' | 'version'> | undefined,
    reclaimed: Reclaimed | undefined,
    options: CallOptions,
    ended?: EndedLock,
  ): Steps<Acquired | undefined> {
    const { store, path } = this.target;
    const version = before?.version;
    const fencingToken = this.#tokenAfter(before);
    // To spread options and then to add a member takes V8 as long as a write takes a disk in memory.
    const { signal } = options;
    const via = yield* ask(store.holderFolder?.(path, { signal, forCreate: version === undefined }));
    const since = now();
    const record = this.#newRecord({ via, fencingToken, ended });
    const data = encodeRecord(record);
    this.#reclaiming = reclaimed;
    this.#sent.add(record);
    const how = { signal, via };
    const send = (): Eventual<Written | undefined> =>
      version === undefined ? store.create(path, data, how) : store.replace(path, version, data, how);
    const sent = yield* this.#unlessFolder(attempt(send), options);
    this.#failure = sent.failure;
    if (!sent.answer) {
      this.#unsettledSince ??= since;
      this.#unanswered ||= sent.failure !== undefined;
      // A store that did not answer within its whole time limit would not answer now either.
      if (isSilence(sent.failure)) throw sent.failure;
      return undefined;
    }
    this.#sent.settle(record);
    noteToken(this.target.queueKey, record);
    const lease = new Lease(this.target, this.#sent, record, sent.answer.version, since);
    return (yield* this.#isFresh(lease, options)) ? { lease, reclaimed } : undefined;
  }

  /**
   * The answer to a write may arrive after the lease has ended. Such a lock is renewed, or is not ours any more. Then that acquisition
   * is over, and the next try is another one: nobody who ends a lock by its id may end a later one.
   */
  *#isFresh(lease: Lease, options: CallOptions): Steps<boolean> {
    if (lease.remainingMs > 0 || (yield* lease.renew(options)) === undefined) return true;
    this.#lockId = undefined;
    return false;
  }

  /** A first write needs a lock id and a nonce. */
  #newRecord({
    via = '',
    fencingToken,
    ended,
  }: Pick<LockRecord, 'fencingToken' | 'ended'> & { via?: string | undefined }): LockRecord {
    const [lockId, nonce] = this.#lockId === undefined ? twoFreshIds() : [this.#lockId, freshId()];
    this.#lockId = lockId;
    return newRecord(this.options, { lockId, nonce, via, fencingToken, ended });
  }

  #tokenAfter(before: Pick<LockObservation, 'record'> | undefined): string {
    const { queueKey, displayPath } = this.target;
    const { fencing } = this.options;
    return nextToken(before, { path: displayPath, known: knownToken(queueKey), fencing });
  }

  /**
   * A write is refused where a folder stands in the lock's place. So somebody else holds the lock, and a read shows what the
   * folder is.
   */
  *#unlessFolder<T>(sending: Steps<Sent<T>>, options: CallOptions): Steps<Sent<T>> {
    try {
      return yield* sending;
    } catch (error) {
      if (!isNotAFile(error) || (yield* this.inspect(options))?.foreign === undefined) throw error;
      return {};
    }
  }

  /** The lock that we acquired without having learned of it. Undefined: what was found is not ours, or is released. */
  #recognise(found: LockObservation | undefined): Acquired | undefined {
    const record = found && this.#sent.find(found.data);
    if (found === undefined || record === undefined || record.released) return undefined;
    const lease = new Lease(this.target, this.#sent, record, found.version, this.#unsettledSince ?? now());
    return { lease, reclaimed: this.#reclaiming };
  }
}

/** Whether the store gave no answer within its time limit. */
export function isSilence(failure: unknown): failure is VfsError {
  return failure instanceof VfsError && failure.code === 'ERR_VFS_TIMEOUT';
}
