import { LockHeldError, LockNotHeldError } from './model/errors.js';
import type { ResolvedAcquireOptions } from './model/acquire-options.js';
import type { ResolvedLockOptions } from './model/options.js';
import { tryOnce, waitFor } from './protocol/acquire.js';
import { Acquisition } from './protocol/acquisition.js';
import { Contender } from './protocol/contender.js';
import type { HeldLock } from './protocol/held-lock.js';
import type { LockTarget } from './protocol/target.js';

/** The acquisitions of one `Lockfile`, one after the other: at most one is under way, or holds the lock. */
export class Acquisitions {
  readonly #target: LockTarget;
  readonly #options: ResolvedLockOptions;
  #underWay: Acquisition | undefined;
  #latest: HeldLock | undefined;

  constructor(target: LockTarget, options: ResolvedLockOptions) {
    this.#target = target;
    this.#options = options;
  }

  /** The lock that is held, or was held last. Undefined: it was never acquired. */
  get latest(): HeldLock | undefined {
    return this.#latest;
  }

  /** @throws {LockNotHeldError} The lock was never acquired. */
  last(): HeldLock {
    if (this.#latest) return this.#latest;
    throw new LockNotHeldError(`the lock ${this.#target.displayPath} was never acquired by this object`);
  }

  wait(wait: ResolvedAcquireOptions): Promise<unknown> {
    return this.#next((contender, acquisition) => waitFor(contender, wait, acquisition));
  }

  /** False: somebody else holds the lock. */
  try(): Promise<boolean> {
    return this.#next(tryOnce);
  }

  /** Ends the acquisition that is under way, or releases the lock. True: it was held until now. */
  async end(): Promise<boolean> {
    if (this.#underWay) {
      const reason = `the lock ${this.#target.displayPath} was released while it was being acquired`;
      await this.#underWay.cancel(new LockNotHeldError(reason));
      return false;
    }
    return (await this.#latest?.release()) ?? false;
  }

  async #next(
    acquire: (contender: Contender, acquisition: Acquisition) => Promise<HeldLock | undefined>,
  ): Promise<boolean> {
    if (this.#underWay || this.#latest?.held) throw this.#inUse();
    const contender = new Contender(this.#target, this.#options);
    const acquisition = (this.#underWay = new Acquisition());
    try {
      const held = await acquire(contender, acquisition);
      if (held) await this.#keep(held, acquisition);
      return held !== undefined;
    } finally {
      this.#underWay = undefined;
      acquisition.end();
    }
  }

  /** An acquisition that was cancelled just before it ended must not leave a lock behind. */
  async #keep(held: HeldLock, { cancelledBy }: Acquisition): Promise<void> {
    if (cancelledBy) {
      await held.release().catch(() => undefined);
      throw cancelledBy;
    }
    this.#latest = held;
  }

  #inUse(): LockHeldError {
    const { displayPath: path } = this.#target;
    const record = this.#latest?.held ? this.#latest.lease.record : undefined;
    const contention = { path, record, ageMs: undefined, expiresInMs: undefined, inThisProcess: true };
    return new LockHeldError(`this Lockfile object holds or awaits ${path} already; use another object`, contention);
  }
}
