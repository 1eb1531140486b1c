import type { Capabilities } from '../../vfs/vfs.js';

/** How many looks fit into what is left of the holder's lease, when that is short. */
const LOOKS_PER_LEASE = 4;

/**
 * When to look next: decorrelated jitter between the store's bounds (M. Brooker, "Exponential Backoff And Jitter", AWS
 * Architecture Blog, 2015), no later than when the lock can have gone stale.
 */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  #lastMs: number;

  constructor({ poll }: Capabilities) {
    this.#minMs = poll.minMs;
    this.#maxMs = poll.maxMs;
    this.#lastMs = poll.minMs;
  }

  /** Milliseconds to pause; `staleInMs` is what is left of the holder's lease. */
  nextMs(staleInMs: number): number {
    const most = Math.min(this.#maxMs, Math.max(this.#minMs, staleInMs / LOOKS_PER_LEASE));
    const reach = Math.max(this.#minMs, this.#lastMs * 3);
    this.#lastMs = Math.min(most, this.#minMs + Math.random() * (reach - this.#minMs));
    return this.#lastMs;
  }
}
