import { monotonicMs } from '../../util/time.js';
import { LockLostError, LockNotHeldError, type Loss } from '../model/errors.js';
import { aboutHeld } from './report.js';
import type { Reclaimed } from '../model/holder.js';
import { publish, type LockEventName } from '../model/events.js';
import { Deadline, OverdueError } from './deadline.js';
import { sleep } from '../../util/sleep.js';
import { run, runSync } from '../../util/steps.js';
import type { CallOptions, Vfs } from '../../vfs/vfs.js';
import type { ResolvedLockOptions } from '../model/options.js';
import type { LockTarget } from './target.js';
import { isSilence, type Acquired } from './contender.js';
import { whyExpired } from './expiry.js';
import { HoldLimits, leavesLock } from './hold-limits.js';
import type { Lease } from './lease.js';
import { RELEASE_LIMIT_MS, unansweredRelease } from './release-limit.js';
import { keepController, takeController } from './renewal-abort.js';
import { RenewalTimer } from './renewal-timer.js';
import { renewInTurn } from './renewal-turns.js';

const RELEASE_PAUSES_MS = [100, 400];
/** How much longer the store may take to settle what is aborted then. */
const RELEASE_ENDING_MS = 500;

/** The locks that this process holds. */
export const heldLocks = new Set<HeldLock>();

/** A lock while it is held: renewed in the background, lost at its own deadline, released once. */
export class HeldLock {
  readonly lease: Lease;
  readonly limits: HoldLimits;
  readonly reclaimed: Reclaimed | undefined;
  readonly #target: LockTarget;
  readonly #timer: RenewalTimer;
  readonly #onEnd: () => void;
  readonly #onRelease: (() => void) | undefined;
  #renewing: Promise<void> | undefined;
  #renewAbort: AbortController | undefined;
  #askedMs: number | undefined;
  #releasing: Promise<boolean> | undefined;
  #failure: unknown;
  #loss: LockLostError | undefined;
  #ended = false;
  #isReleased = false;
  #controller: AbortController | undefined;
  #lost: Promise<LockLostError> | undefined;
  #resolveLost: ((loss: LockLostError) => void) | undefined;

  /**
   * `onRelease` is called right before the store is asked to release the lock, `onEnd` when it is lost, and when its release ends, so
   * possibly twice.
   */
  constructor(
    target: LockTarget,
    { lease, reclaimed }: Acquired,
    { renew, maxHoldMs }: Pick<ResolvedLockOptions, 'renew' | 'maxHoldMs'>,
    onEnd: () => void,
    onRelease?: () => void,
  ) {
    this.#target = target;
    this.lease = lease;
    this.reclaimed = reclaimed;
    this.limits = new HoldLimits(lease, maxHoldMs);
    this.#onEnd = () => {
      heldLocks.delete(this);
      onEnd();
    };
    this.#onRelease = onRelease;
    heldLocks.add(this);
    this.#timer = new RenewalTimer(this, renew);
  }

  /** The display path of the lock file. */
  get path(): string {
    return this.#target.displayPath;
  }

  get vfs(): Vfs {
    return this.#target.vfs;
  }

  /** Why the lock is lost, decided now: the deadline counts even when no timer could fire in time. */
  get loss(): LockLostError | undefined {
    const reason = this.#loss === undefined && !this.#ended ? this.limits.passed : undefined;
    if (reason !== undefined) this.#lose(reason === 'expired' ? this.#expired() : { reason });
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
      this.#resolveLost = resolve;
      if (this.loss) resolve(this.loss);
    }));
  }

  assertHeld(): void {
    if (this.loss) throw this.loss;
    if (this.#ended) throw new LockNotHeldError(`the lock ${this.#target.displayPath} was released`);
  }

  /** Reads the lock file, and loses the lock if it is not ours any more. */
  async confirm(options: CallOptions): Promise<void> {
    this.assertHeld();
    this.#finishConfirmation(await run(this.lease.confirm(options)));
  }

  /** The same on a synchronous store, in this tick. */
  confirmSync(): void {
    this.assertHeld();
    this.#finishConfirmation(runSync(this.lease.confirm({})));
  }

  #finishConfirmation(loss: Loss | undefined): void {
    if (loss !== undefined && this.#loss === undefined && !this.#ended) this.#lose(loss);
    this.assertHeld();
  }

  /** Renews now, or waits for the renewal that is under way. */
  renew(): Promise<void> {
    return (this.#renewing ??= this.#renewOnce());
  }

  /** A failure is reported, and the renewal is tried again soon. */
  renewInBackground(): void {
    const renewal = async (): Promise<void> => {
      if (!this.held) return;
      await this.renew().catch((error: unknown) => {
        if (this.#loss !== undefined || this.#ended) return;
        this.#failure = error;
        this.#timer.failed();
      });
    };
    if (this.#target.immediate) renewInTurn(renewal);
    else void renewal();
  }

  /** The same as `renew` on a synchronous store, in this tick. */
  renewSync(): void {
    this.assertHeld();
    const startedMs = monotonicMs();
    try {
      this.#finishRenewal(runSync(this.lease.renew({})), startedMs);
    } catch (error) {
      this.#reportFailedRenewal(error, startedMs);
      throw error;
    }
  }

  /**
   * Releases the lock. True: it was held until now. False: it was lost or released before, and no lock of anybody else was
   * changed. Calls during a release share it.
   */
  release(): Promise<boolean> {
    if (this.#releasing) return this.#releasing;
    if (!this.#end()) return Promise.resolve(false);
    return (this.#releasing = this.#releaseOnce());
  }

  /** Leaves the lock in the store, for others to renew and release, and lets the next caller in this process ask for it. */
  detach(): Lease {
    this.#end();
    this.#isReleased = true;
    this.#onEnd();
    return this.lease;
  }

  /** The `await` makes it clear `#releasing` only after `release` has set it. */
  async #releaseOnce(): Promise<boolean> {
    const limit = new Deadline(RELEASE_LIMIT_MS);
    try {
      return this.#finishRelease(await limit.until(this.#sendRelease(limit), RELEASE_ENDING_MS));
    } catch (thrown) {
      const error = thrown instanceof OverdueError ? unansweredRelease(this.path, thrown) : thrown;
      this.#report('release', 'failed', this.limits.heldMs, error);
      throw error;
    } finally {
      limit.clear();
      this.#releasing = undefined;
      this.#onEnd();
    }
  }

  /** The same on a synchronous store, in this tick. */
  releaseSync(): boolean {
    if (!this.#end()) return false;
    try {
      return this.#finishRelease(runSync(this.lease.release({})));
    } catch (error) {
      this.#report('release', 'failed', this.limits.heldMs, error);
      throw error;
    } finally {
      this.#onEnd();
    }
  }

  /** Releases the lock in this tick where the store is synchronous; elsewhere the lock stays as it is. */
  releaseNow(): void {
    const { sync } = this.#target.vfs;
    if (sync && this.#end()) this.#finishRelease(runSync(this.lease.releaseBy(sync)));
  }

  async #sendRelease(limit: Deadline): Promise<Loss | undefined> {
    await this.#renewing?.catch(() => undefined);
    const options = this.#target.immediate ? {} : { signal: limit.signal };
    this.#onRelease?.();
    for (const pauseMs of RELEASE_PAUSES_MS) {
      try {
        return await run(this.lease.release(options));
      } catch (error) {
        if (isSilence(error) || limit.hasEnded) throw error;
        await sleep(pauseMs);
      }
    }
    return run(this.lease.release(options));
  }

  /** The `await` makes it clear `#renewing` only after `renew` has set it. A lock that is not held is never renewed again. */
  async #renewOnce(): Promise<void> {
    this.assertHeld();
    const startedMs = (this.#askedMs = monotonicMs());
    const abort = (this.#renewAbort = takeController());
    try {
      this.#finishRenewal(await run(this.lease.renew({ signal: abort.signal })), startedMs);
    } catch (error) {
      this.#reportFailedRenewal(error, startedMs);
      // The loss itself ended the renewal.
      throw this.#loss ?? error;
    } finally {
      this.#askedMs = this.#renewAbort = this.#renewing = undefined;
      if (this.#target.immediate) keepController(abort);
    }
  }

  #finishRenewal(loss: Loss | undefined, startedMs: number): void {
    if (this.#ended) return;
    if (loss !== undefined && this.#loss === undefined) this.#lose(loss);
    if (this.#loss) throw this.#loss;
    this.#failure = undefined;
    this.#report('renew', 'renewed', monotonicMs() - startedMs);
    this.#timer.renewed();
  }

  #expired(): Loss {
    const { record, sleptMs } = this.lease;
    const { autoRenew, lateMs } = this.#timer;
    const unansweredMs = this.#askedMs === undefined ? undefined : monotonicMs() - this.#askedMs;
    const expiry = { leaseMs: record.leaseMs, autoRenew, lateMs, sleptMs, unansweredMs, failure: this.#failure };
    return { reason: 'expired', why: whyExpired(expiry) };
  }

  #lose({ reason, ...details }: Loss): void {
    const loss = new LockLostError(this.#target.displayPath, reason, { cause: this.#failure, ...details });
    this.#loss = loss;
    this.#timer.stop();
    this.#renewAbort?.abort(loss);
    this.#report('lost', reason, this.limits.heldMs, this.#failure);
    this.#controller?.abort(loss);
    this.#resolveLost?.(loss);
    this.#onEnd();
  }

  /** Stops renewals and the timer. False: there is nothing left to release. */
  #end(): boolean {
    // A deadline that has passed counts, also when nobody has noticed it until now.
    const { loss } = this;
    this.#ended = true;
    this.#timer.stop();
    this.#renewAbort?.abort(new LockNotHeldError(`the lock ${this.#target.displayPath} is being released`));
    return !this.#isReleased && (loss === undefined || leavesLock(loss.reason));
  }

  #finishRelease(loss: Loss | undefined): boolean {
    this.#isReleased = true;
    if (loss) this.#loss ??= new LockLostError(this.#target.displayPath, loss.reason, { ended: loss.ended });
    this.#report('release', loss?.reason ?? 'released', this.limits.heldMs);
    return this.#loss === undefined;
  }

  #reportFailedRenewal(error: unknown, startedMs: number): void {
    if (this.#loss === undefined && !this.#ended) this.#report('renew', 'failed', monotonicMs() - startedMs, error);
  }

  #report(name: LockEventName, reason: string, durationMs: number, error?: unknown): void {
    publish(name, () => aboutHeld(this.#target, this.lease.record, { durationMs, reason, error }));
  }
}
