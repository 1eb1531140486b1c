import { clearTimeout, monotonicMs, setTimeout } from '../../util/time.js';
import { LONGEST_TIMER_MS } from '../../util/abort.js';
import type { HoldLimits } from './hold-limits.js';
import type { Lease } from './lease.js';

/** A lock without end is renewed this often, so that cleaners of old files leave it alone and its removal is noticed. */
const ENDLESS_RENEWAL_MS = 60_000;

/** The lock that a `RenewalTimer` serves. */
export interface TimedLock {
  readonly lease: Lease;
  readonly limits: HoldLimits;
  /** Whether it is held now. Reading this after the deadline has passed makes the lock lost. */
  readonly held: boolean;
  renewInBackground(): void;
}

/** When a held lock is renewed: one timer for the next renewal and the deadline. It does not keep the process alive. */
export class RenewalTimer {
  readonly #lock: TimedLock;
  readonly autoRenew: boolean;
  #timer: unknown;
  #renewAtMs = 0;
  #dueAtMs = Infinity;
  /** Whether the timer is set for the next renewal, and not for the deadline. */
  #isForRenewal = false;
  #isStopped = false;

  /** The first renewal comes at a random time, so that locks taken together are not renewed together. */
  constructor(lock: TimedLock, autoRenew: boolean) {
    this.#lock = lock;
    this.autoRenew = autoRenew;
    this.#schedule(this.#intervalMs * (0.4 + 0.6 * Math.random()));
  }

  renewed(): void {
    this.#schedule(this.#intervalMs * (0.8 + 0.2 * Math.random()));
  }

  failed(): void {
    this.#schedule((this.#intervalMs / 4) * (0.5 + 0.5 * Math.random()));
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** By how many milliseconds the timer is late: the event loop does not turn, or the process does not run. */
  get lateMs(): number {
    return Math.max(0, monotonicMs() - this.#dueAtMs);
  }

  get #intervalMs(): number {
    const { leaseMs } = this.#lock.lease.record;
    return leaseMs === Infinity ? ENDLESS_RENEWAL_MS : leaseMs / 3;
  }

  #schedule(renewInMs: number): void {
    this.#renewAtMs = this.autoRenew ? monotonicMs() + renewInMs : Infinity;
    this.#set();
  }

  #set(): void {
    clearTimeout(this.#timer);
    this.#dueAtMs = Infinity;
    if (this.#isStopped) return;
    const nowMs = monotonicMs();
    const renewInMs = this.#renewAtMs - nowMs;
    const dueMs = Math.min(this.#lock.limits.remainingMs, renewInMs);
    if (dueMs === Infinity) return;
    this.#isForRenewal = renewInMs === dueMs && dueMs <= LONGEST_TIMER_MS;
    const delayMs = roundDelay(Math.min(dueMs, LONGEST_TIMER_MS));
    this.#dueAtMs = nowMs + delayMs;
    this.#timer = setTimeout(this.#onDue, delayMs);
    letProcessEnd(this.#timer);
  }

  readonly #onDue = (): void => {
    if (!this.#lock.held) return;
    if (this.#isForRenewal) {
      this.#renewAtMs = Infinity;
      this.#lock.renewInBackground();
    }
    this.#set();
  };
}

/** Lets the process end before the timer fires. Where timers are numbers, as in a browser's window, it would end anyway. */
function letProcessEnd(timer: unknown): void {
  (timer as { unref?: () => unknown }).unref?.();
}

/**
 * A delay rounded down by at most about a thirty-second of itself, and at least 1 ms. Node keeps a list of timers for each
 * distinct delay, so thousands of different delays would be slow. A timer that fires before the deadline is set again; a renewal
 * may come early, as its time is random anyway.
 */
function roundDelay(ms: number): number {
  const step = 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, ms))) - 5);
  return Math.max(1, Math.ceil(ms) - (Math.ceil(ms) % step));
}
