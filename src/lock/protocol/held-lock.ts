import { LockLostError, LockNotHeldError, type LossReason } from '../model/errors.js';
import { about } from './report.js';
import { publish, type LockEventName } from '../model/events.js';
import { Deadline, LONGEST_TIMER_MS } from './deadline.js';
import { sleep } from '../../util/sleep.js';
import { run, runSync } from '../../util/steps.js';
import type { LockTarget } from './target.js';
import type { Lease } from './lease.js';
import type { CallOptions } from '../../vfs/vfs.js';

const RELEASE_PAUSES_MS = [100, 400];
const RELEASE_LIMIT_MS = 10_000;

/** A lock while it is held: renewed in the background, given up at its own deadline, released once. */
export class HeldLock {
  readonly lease: Lease;
  readonly #place: LockTarget;
  readonly #renewAlone: boolean;
  readonly #onEnd: () => void;
  readonly #startedMs = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #renewAtMs = 0;
  #renewing: Promise<void> | undefined;
  #renewAbort: AbortController | undefined;
  #failure: unknown;
  #loss: LockLostError | undefined;
  #ended = false;
  #givenBack = false;
  #controller: AbortController | undefined;
  #lost: Promise<LockLostError> | undefined;
  #tellLost: ((loss: LockLostError) => void) | undefined;

  constructor(place: LockTarget, lease: Lease, renewAlone: boolean, onEnd: () => void) {
    this.#place = place;
    this.lease = lease;
    this.#renewAlone = renewAlone;
    this.#onEnd = onEnd;
    // The first renewal comes at a random time, so that locks taken together are not renewed together.
    this.#plan((lease.record.leaseMs / 3) * (0.4 + 0.6 * Math.random()));
  }

  /** Why the lock is lost, decided now: the deadline counts even when no timer has had its chance to fire. */
  get loss(): LockLostError | undefined {
    if (this.#loss === undefined && !this.#ended && this.lease.remainingMs <= 0) this.#lose('expired');
    return this.#loss;
  }

  get held(): boolean {
    return !this.#ended && this.loss === undefined;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.loss) this.#controller.abort(this.loss);
    }
    return this.#controller.signal;
  }

  /** Resolves when the lock is lost; stays open for ever when it is released in time. */
  get lost(): Promise<LockLostError> {
    return (this.#lost ??= new Promise((resolve) => {
      this.#tellLost = resolve;
      if (this.loss) resolve(this.loss);
    }));
  }

  assertHeld(): void {
    if (this.loss) throw this.loss;
    if (this.#ended) throw new LockNotHeldError(`the lock ${this.#place.displayPath} was released`);
  }

  /** Renews now; a renewal under way is joined. */
  renew(): Promise<void> {
    return (this.#renewing ??= this.#renewOnce().finally(() => {
      this.#renewing = undefined;
    }));
  }

  /** The same on a synchronous store, in this tick. */
  renewSync(): void {
    this.assertHeld();
    const startedMs = performance.now();
    try {
      this.#renewed(runSync(this.lease.renew({})), startedMs);
    } catch (error) {
      this.#tellOfFailedRenewal(error, startedMs);
      throw error;
    }
  }

  /** Gives the lock back. False: it was lost, or given back before; nothing but our own leftover was touched. */
  async release(): Promise<boolean> {
    if (!this.#end()) return false;
    try {
      await this.#renewing?.catch(() => undefined);
      return this.#released(await this.#giveBack());
    } catch (error) {
      this.#tell('release', 'failed', this.#heldMs, error);
      throw error;
    } finally {
      this.#onEnd();
    }
  }

  /** The same on a synchronous store, in this tick. */
  releaseSync(): boolean {
    if (!this.#end()) return false;
    try {
      return this.#released(runSync(this.lease.release({})));
    } catch (error) {
      this.#tell('release', 'failed', this.#heldMs, error);
      throw error;
    } finally {
      this.#onEnd();
    }
  }

  async #giveBack(): Promise<LossReason | undefined> {
    if (this.#place.immediate) return this.#giveBackUnder({});
    const limit = new Deadline(RELEASE_LIMIT_MS);
    try {
      return await this.#giveBackUnder({ signal: limit.signal });
    } finally {
      limit.clear();
    }
  }

  async #giveBackUnder(options: CallOptions): Promise<LossReason | undefined> {
    for (const pauseMs of RELEASE_PAUSES_MS) {
      try {
        return await run(this.lease.release(options));
      } catch {
        await sleep(pauseMs);
      }
    }
    return run(this.lease.release(options));
  }

  async #renewOnce(): Promise<void> {
    this.assertHeld();
    const startedMs = performance.now();
    this.#renewAbort = new AbortController();
    const { signal } = this.#renewAbort;
    try {
      this.#renewed(await run(this.lease.renew({ signal })), startedMs);
    } catch (error) {
      this.#tellOfFailedRenewal(error, startedMs);
      // The loss itself is what cut the renewal off.
      throw this.#loss ?? error;
    }
  }

  #renewed(reason: LossReason | undefined, startedMs: number): void {
    if (this.#ended) return;
    if (reason !== undefined && this.#loss === undefined) this.#lose(reason);
    if (this.#loss) throw this.#loss;
    this.#failure = undefined;
    this.#tell('renew', 'renewed', performance.now() - startedMs);
    this.#plan((this.lease.record.leaseMs / 3) * (0.8 + 0.2 * Math.random()));
  }

  #renewInBackground(): void {
    this.#renewAtMs = Infinity;
    this.renew().catch((error: unknown) => {
      if (this.#loss !== undefined || this.#ended) return;
      this.#failure = error;
      this.#plan((this.lease.record.leaseMs / 12) * (0.5 + 0.5 * Math.random()));
    });
  }

  #plan(renewInMs: number): void {
    this.#renewAtMs = this.#renewAlone ? performance.now() + renewInMs : Infinity;
    this.#arm();
  }

  /** One timer serves the next renewal and the deadline. It does not keep the process alive. */
  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#ended || this.#loss || this.lease.remainingMs === Infinity) return;
    const dueMs = Math.min(this.lease.remainingMs, this.#renewAtMs - performance.now(), LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => {
      if (this.loss || this.#ended) return;
      if (performance.now() >= this.#renewAtMs) this.#renewInBackground();
      this.#arm();
    }, coarse(dueMs));
    this.#timer.unref();
  }

  #lose(reason: LossReason): void {
    const loss = new LockLostError(this.#place.displayPath, reason, { cause: this.#failure });
    this.#loss = loss;
    clearTimeout(this.#timer);
    this.#renewAbort?.abort(loss);
    this.#tell('lost', reason, this.#heldMs, this.#failure);
    this.#controller?.abort(loss);
    this.#tellLost?.(loss);
    this.#onEnd();
  }

  /** Stops everything that goes on in the background. False: there is nothing left to give back. */
  #end(): boolean {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#renewAbort?.abort(new LockNotHeldError(`the lock ${this.#place.displayPath} is being released`));
    return !this.#givenBack && (this.#loss === undefined || this.#loss.reason === 'expired');
  }

  #released(reason: LossReason | undefined): boolean {
    this.#givenBack = true;
    if (reason !== undefined) this.#loss ??= new LockLostError(this.#place.displayPath, reason);
    this.#tell('release', reason ?? 'released', this.#heldMs);
    return this.#loss === undefined;
  }

  get #heldMs(): number {
    return performance.now() - this.#startedMs;
  }

  #tellOfFailedRenewal(error: unknown, startedMs: number): void {
    if (this.#loss === undefined && !this.#ended) this.#tell('renew', 'failed', performance.now() - startedMs, error);
  }

  #tell(name: LockEventName, reason: string, durationMs: number, error?: unknown): void {
    publish(name, () => ({
      ...about(this.#place, this.lease.record),
      attempt: this.lease.record.renewals,
      durationMs,
      reason,
      ...(error !== undefined && { error }),
    }));
  }
}

/**
 * A delay rounded down in steps of a thirty-second or so of itself, and at least 1 ms. Node keeps a list of timers for each
 * distinct delay, which thousands of locks with a random one each make slow; a timer that comes early is set again.
 */
function coarse(ms: number): number {
  const step = 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, ms))) - 5);
  return Math.max(1, Math.ceil(ms) - (Math.ceil(ms) % step));
}
