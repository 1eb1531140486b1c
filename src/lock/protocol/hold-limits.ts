import { monotonicMs } from '../../util/time.js';
import type { LossReason } from '../model/errors.js';
import type { Lease } from './lease.js';

/** What ends a lock that nobody took: its lease, and the time for which it may be held at most. */
export class HoldLimits {
  readonly #lease: Lease;
  readonly #maxHoldMs: number;
  readonly #startedMs = monotonicMs();

  constructor(lease: Lease, maxHoldMs: number) {
    this.#lease = lease;
    this.#maxHoldMs = maxHoldMs;
  }

  get heldMs(): number {
    return monotonicMs() - this.#startedMs;
  }

  /** Milliseconds until the lock is lost, unless it is renewed. */
  get remainingMs(): number {
    const { remainingMs } = this.#lease;
    return this.#maxHoldMs === Infinity ? remainingMs : Math.min(remainingMs, this.#maxHoldMs - this.heldMs);
  }

  /** Which of the two has ended the lock. Undefined: neither. */
  get passed(): LossReason | undefined {
    if (this.#lease.remainingMs <= 0) return 'expired';
    return this.#maxHoldMs !== Infinity && this.heldMs >= this.#maxHoldMs ? 'max-hold' : undefined;
  }
}

/** Whether a lock that was lost so may still be in its file, so that a release can remove it. */
export function leavesLock(reason: LossReason): boolean {
  return reason === 'expired' || reason === 'max-hold';
}
