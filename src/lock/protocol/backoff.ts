import type { Capabilities } from '../../vfs/vfs.js';

/** How many reads fit into the rest of the holder's lease, when that is short. */
const READS_PER_LEASE = 4;

/**
 * When to read the lock next: decorrelated jitter between the store's bounds (M. Brooker, "Exponential Backoff And Jitter", AWS
 * Architecture Blog, 2015), no later than when the lock can have gone stale.
 */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  #lastMs: number;

  /** `pollMs`: the longest pause that the caller wants. */
  constructor({ poll }: Capabilities, pollMs?: number) {
    this.#minMs = pollMs === undefined ? poll.minMs : pollMs / 2;
    this.#maxMs = pollMs ?? poll.maxMs;
    this.#lastMs = this.#minMs;
  }

  /** Milliseconds to pause; `staleInMs` is the rest of the holder's lease. */
  nextMs(staleInMs: number): number {
    const most = Math.min(this.#maxMs, Math.max(this.#minMs, staleInMs / READS_PER_LEASE));
    const reach = Math.max(this.#minMs, this.#lastMs * 3);
    this.#lastMs = Math.min(most, this.#minMs + Math.random() * (reach - this.#minMs));
    return this.#lastMs;
  }
}
