import { now, type Instant } from '../../util/instant.js';
import type { LockContention } from '../model/errors.js';
import { identify, thisProcess } from '../model/process.js';
import { freshId } from '../../util/fresh-id.js';
import { contentionOf, type Reclaimed } from '../model/holder.js';
import type { ResolvedLockOptions } from '../model/options.js';
import { encodeRecord, type LockRecord } from '../model/record.js';
import { LockReader } from '../model/reader.js';
import type { LockObservation } from '../model/staleness.js';
import { ask, type Steps } from '../../util/steps.js';
import { attempt, Lease } from './lease.js';
import { type LockTarget } from './target.js';
import { recallTombstone } from './tombstones.js';
import type { CallOptions, Version } from '../../vfs/vfs.js';

/** A lock that was just won, and whose stale lock it replaces, if anybody's. */
export interface Won {
  readonly lease: Lease;
  readonly reclaimed: Reclaimed | undefined;
}

/** The outcome of one try: the lock, or who is in the way. */
export type Try = { readonly won: Won } | { readonly won: undefined; readonly obstacle: LockContention };

/** What a write goes over. */
type Target = Pick<LockObservation, 'version' | 'record' | 'reason'>;

/** How often one try looks again when the lock changes hands under its eyes. */
const LOOKS = 4;

/** One acquisition's way to a lock: creates it when it is free, takes it over when it is stale, else says who is in the way. */
export class Contender {
  readonly target: LockTarget;
  readonly options: ResolvedLockOptions;
  readonly #reader: LockReader;
  readonly lockId = freshId();
  readonly startedMs = performance.now();
  #attempts = 0;
  /** Who was in the way when last looked. */
  #obstacle: LockContention;
  readonly #vetoed = new Set<Version>();
  /** From before the first write that may have been ours without our knowing: a lock found to be ours counts from there. */
  #doubtSince: Instant | undefined;
  #unanswered = false;
  #reclaiming: Reclaimed | undefined;

  constructor(place: LockTarget, terms: ResolvedLockOptions) {
    this.target = place;
    this.options = terms;
    const { ttlMs, ownerId } = terms;
    this.#reader = new LockReader(place.store, place.path, { ttlMs, ownerId, resolutionMs: place.resolutionMs });
    this.#obstacle = contentionOf(place.displayPath, undefined);
  }

  get contention(): LockContention {
    return this.#obstacle;
  }

  /** How many tries there were. */
  get attempts(): number {
    return this.#attempts;
  }

  /** A try that begins with a write, for when the lock may well be free. */
  *tryCreate(options: CallOptions): Steps<Try> {
    this.#attempts += 1;
    const left = recallTombstone(this.target.queueKey);
    const won = yield* this.#put(left && { version: left, record: undefined, reason: undefined }, options);
    return won ? { won } : yield* this.#evaluate(options);
  }

  /** A try that begins with a read, for when the lock was held a moment ago. */
  *tryTakeOver(options: CallOptions): Steps<Try> {
    this.#attempts += 1;
    return yield* this.#evaluate(options);
  }

  /** Looks at the lock and changes nothing. */
  *inspect(options: CallOptions): Steps<LockObservation | undefined> {
    const seen = yield* this.#reader.observe(options);
    this.#obstacle = contentionOf(this.target.displayPath, seen);
    return seen;
  }

  /** After giving up: takes back a lock that was won without our learning of it. */
  *abandon(options: CallOptions): Steps<void> {
    if (this.#doubtSince === undefined) return;
    const seen = yield* this.inspect(options);
    if (this.#isOurs(seen)) yield* this.#recognise(seen).lease.release(options);
  }

  *#evaluate(options: CallOptions): Steps<Try> {
    for (let looks = 0; ; looks += 1) {
      const seen = yield* this.inspect(options);
      if (this.#isOurs(seen)) {
        const won = this.#recognise(seen);
        if (yield* isFresh(won.lease, options)) return { won };
        continue;
      }
      if (!this.#unanswered) this.#doubtSince = undefined;
      const takeable = looks < LOOKS && (yield* this.#mayTake(seen));
      if (!takeable) return { won: undefined, obstacle: this.#obstacle };
      const won = yield* this.#put(seen, options);
      if (won) return { won };
    }
  }

  *#mayTake(seen: LockObservation | undefined): Steps<boolean> {
    if (seen === undefined || seen.state === 'free') return true;
    if (seen.reason === undefined || this.#vetoed.has(seen.version)) return false;
    const verdict = yield* ask(this.options.onStale?.(seen.record, seen.reason));
    if (verdict === false) this.#vetoed.add(seen.version);
    return verdict !== false;
  }

  /** Writes our record where nothing is, or over what was seen. Undefined: not won, as far as the answer says. */
  *#put(over: Target | undefined, options: CallOptions): Steps<Won | undefined> {
    const { store, path } = this.target;
    const since = now();
    const record = newRecord(this.options, this.lockId);
    const data = encodeRecord(record);
    this.#reclaiming = over?.reason && { ...over.record, reason: over.reason };
    const sent = yield* attempt(() =>
      over ? store.replace(path, over.version, data, options) : store.create(path, data, options),
    );
    if (!sent.answer) {
      this.#doubtSince ??= since;
      this.#unanswered ||= sent.failure !== undefined;
      return undefined;
    }
    const lease = new Lease(this.target, record, sent.answer.version, since);
    return (yield* isFresh(lease, options)) ? { lease, reclaimed: this.#reclaiming } : undefined;
  }

  #isOurs(seen: LockObservation | undefined): seen is LockObservation & { readonly record: LockRecord } {
    return seen?.record?.lockId === this.lockId;
  }

  #recognise({ record, version }: { readonly record: LockRecord; readonly version: Version }): Won {
    const lease = new Lease(this.target, record, version, this.#doubtSince ?? now());
    return { lease, reclaimed: this.#reclaiming };
  }
}

/** Between sending and learning of it more than the lease may have gone by: what was won is made fresh, or is lost again. */
function* isFresh(lease: Lease, options: CallOptions): Steps<boolean> {
  return lease.remainingMs > 0 || (yield* lease.renew(options)) === undefined;
}

function newRecord(terms: ResolvedLockOptions, lockId: string): LockRecord {
  return {
    createdAt: new Date(),
    ttlMs: terms.ttlMs,
    leaseMs: terms.ttlMs,
    ownerId: terms.ownerId,
    lockId,
    nonce: freshId(),
    renewedAt: undefined,
    renewals: 0,
    fencingToken: '',
    graceMs: terms.graceMs,
    note: terms.note,
    released: false,
    ...(terms.pid === process.pid ? thisProcess() : identify(terms.pid)),
  };
}
