import { mark, type Mark } from './clock.js';
import type { Obstacle } from '../model/errors.js';
import { identify, thisProcess } from '../model/process.js';
import { freshId } from '../../util/fresh-id.js';
import { obstacleOf, type Reclaimed } from '../model/holder.js';
import type { Terms } from '../model/options.js';
import { encodeRecord, type LockRecord } from '../model/record.js';
import { Observer, type Sighting } from '../model/staleness.js';
import { ask, type Steps } from '../../util/steps.js';
import { attempt, LOCK_READ_BYTES, Tenure } from './lease.js';
import { type LockPlace } from './target.js';
import { recallTombstone } from './tombstones.js';
import type { CallOptions, Version } from '../../vfs/vfs.js';

/** A lock that was just won, and whose stale lock it replaces, if anybody's. */
export interface Won {
  readonly tenure: Tenure;
  readonly reclaimed: Reclaimed | undefined;
}

/** The outcome of one try: the lock, or who is in the way. */
export type Try = { readonly won: Won } | { readonly won: undefined; readonly obstacle: Obstacle };

/** What a write goes over. */
type Target = Pick<Sighting, 'version' | 'record' | 'reason'>;

/** How often one try looks again when the lock changes hands under its eyes. */
const LOOKS = 4;

/** One acquisition's way to a lock: creates it when it is free, takes it over when it is stale, else says who is in the way. */
export class Contender {
  readonly place: LockPlace;
  readonly terms: Terms;
  readonly #observer: Observer;
  readonly lockId = freshId();
  readonly startedMs = performance.now();
  #attempts = 0;
  /** Who was in the way when last looked. */
  #obstacle: Obstacle;
  readonly #vetoed = new Set<Version>();
  /** From before the first write that may have been ours without our knowing: a lock found to be ours counts from there. */
  #doubtSince: Mark | undefined;
  #unanswered = false;
  #reclaiming: Reclaimed | undefined;

  constructor(place: LockPlace, terms: Terms) {
    this.place = place;
    this.terms = terms;
    this.#observer = new Observer({ ttlMs: terms.ttlMs, ownerId: terms.ownerId, grainMs: place.grainMs });
    this.#obstacle = obstacleOf(place.shown, undefined);
  }

  get obstacle(): Obstacle {
    return this.#obstacle;
  }

  /** How many tries there were. */
  get attempts(): number {
    return this.#attempts;
  }

  /** A try that begins with a write, for when the lock may well be free. */
  *knock(options: CallOptions): Steps<Try> {
    this.#attempts += 1;
    const left = recallTombstone(this.place.key);
    const won = yield* this.#put(left && { version: left, record: undefined, reason: undefined }, options);
    return won ? { won } : yield* this.#contest(options);
  }

  /** A try that begins with a read, for when the lock was held a moment ago. */
  *look(options: CallOptions): Steps<Try> {
    this.#attempts += 1;
    return yield* this.#contest(options);
  }

  /** Looks at the lock and changes nothing. */
  *inspect(options: CallOptions): Steps<Sighting | undefined> {
    const { store, path, shown } = this.place;
    const clock = this.#observer.needsClock;
    const snapshot = yield* ask(store.read(path, { ...options, clock, maxBytes: LOCK_READ_BYTES }));
    const sighting = snapshot && this.#observer.see(snapshot);
    this.#obstacle = obstacleOf(shown, sighting);
    return sighting;
  }

  /** After giving up: takes back a lock that was won without our learning of it. */
  *abandon(options: CallOptions): Steps<void> {
    if (this.#doubtSince === undefined) return;
    const sighting = yield* this.inspect(options);
    if (this.#isOurs(sighting)) yield* this.#recognise(sighting).tenure.release(options);
  }

  *#contest(options: CallOptions): Steps<Try> {
    for (let looks = 0; ; looks += 1) {
      const sighting = yield* this.inspect(options);
      if (this.#isOurs(sighting)) {
        const won = this.#recognise(sighting);
        if (yield* isFresh(won.tenure, options)) return { won };
        continue;
      }
      if (!this.#unanswered) this.#doubtSince = undefined;
      const takeable = looks < LOOKS && (yield* this.#mayTake(sighting));
      if (!takeable) return { won: undefined, obstacle: this.#obstacle };
      const won = yield* this.#put(sighting, options);
      if (won) return { won };
    }
  }

  *#mayTake(sighting: Sighting | undefined): Steps<boolean> {
    if (sighting === undefined || sighting.state === 'free') return true;
    if (sighting.reason === undefined || this.#vetoed.has(sighting.version)) return false;
    const verdict = yield* ask(this.terms.onStale?.(sighting.record, sighting.reason));
    if (verdict === false) this.#vetoed.add(sighting.version);
    return verdict !== false;
  }

  /** Writes our record where nothing is, or over what was seen. Undefined: not won, as far as the answer says. */
  *#put(over: Target | undefined, options: CallOptions): Steps<Won | undefined> {
    const { store, path } = this.place;
    const since = mark();
    const record = newRecord(this.terms, this.lockId);
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
    const tenure = new Tenure(this.place, record, sent.answer.version, since);
    return (yield* isFresh(tenure, options)) ? { tenure, reclaimed: this.#reclaiming } : undefined;
  }

  #isOurs(sighting: Sighting | undefined): sighting is Sighting & { readonly record: LockRecord } {
    return sighting?.record?.lockId === this.lockId;
  }

  #recognise({ record, version }: { readonly record: LockRecord; readonly version: Version }): Won {
    const tenure = new Tenure(this.place, record, version, this.#doubtSince ?? mark());
    return { tenure, reclaimed: this.#reclaiming };
  }
}

/** Between sending and learning of it more than the lease may have gone by: what was won is made fresh, or is lost again. */
function* isFresh(tenure: Tenure, options: CallOptions): Steps<boolean> {
  return tenure.remainingMs > 0 || (yield* tenure.renew(options)) === undefined;
}

function newRecord(terms: Terms, lockId: string): LockRecord {
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
