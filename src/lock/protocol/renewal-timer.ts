import { clearTimeout, monotonicMs, setTimeout } from '../../util/time.js';
import { LONGEST_TIMER_MS } from '../../util/abort.js';
import type { HoldLimits } from './hold-limits.js';
import type { Lease } from './lease.js';
import { letProcessEnd, renewalTicks, SHORT_MS, type Due, type Tick, type Ticks } from './ticks.js';

/** A lock without end is renewed this often, so that cleaners of old files leave it alone and its removal is noticed. */
const ENDLESS_RENEWAL_MS = 60_000;

/** While a renewal is under way, the deadline is looked at this often. Most renewals end sooner, and then nothing was set for it. */
const CHECK_MS = 1000;

/** The lock that a `RenewalTimer` serves. */
export interface TimedLock {
  readonly lease: Lease;
  readonly limits: HoldLimits;
  /** Whether it is held now. Reading this after the deadline has passed makes the lock lost. */
  readonly held: boolean;
  renewInBackground(): void;
}

/** When a held lock is renewed: it waits for the next renewal or for the deadline. That does not keep the process alive. */
export class RenewalTimer implements Due {
  readonly #lock: TimedLock;
  readonly autoRenew: boolean;
  #ticks: Ticks | undefined;
  #tick: Tick | undefined;
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
    this.#clear();
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
    this.#clear();
    if (this.#isStopped) return;
    const renewInMs = this.#renewAtMs - monotonicMs();
    const isRenewing = this.autoRenew && renewInMs === Infinity;
    const dueMs = Math.min(this.#lock.limits.remainingMs, isRenewing ? CHECK_MS : renewInMs);
    if (dueMs === Infinity) return;
    this.#isForRenewal = dueMs === renewInMs;
    this.#wait(Math.min(dueMs, LONGEST_TIMER_MS));
  }

  #wait(ms: number): void {
    this.#dueAtMs = monotonicMs() + ms;
    if (ms < SHORT_MS) {
      this.#timer = setTimeout(() => this.due(), Math.max(1, Math.ceil(ms)));
      letProcessEnd(this.#timer);
    } else {
      this.#ticks = renewalTicks();
      this.#tick = this.#ticks.before(ms, this);
    }
  }

  #clear(): void {
    if (this.#tick) this.#ticks?.remove(this.#tick, this);
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#tick = this.#timer = undefined;
    this.#dueAtMs = Infinity;
  }

  due(): void {
    this.#tick = this.#timer = undefined;
    if (!this.#lock.held) return;
    if (this.#isForRenewal) {
      this.#renewAtMs = Infinity;
      this.#lock.renewInBackground();
    }
    this.#set();
  }
}
