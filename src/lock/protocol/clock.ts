/** An instant, on both clocks of this process. */
export interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export function now(): Instant {
  return { monotonicMs: performance.now(), wallMs: Date.now() };
}

/**
 * Milliseconds gone by since a mark, on whichever clock says more: the monotonic one stands still while the machine sleeps,
 * the wall clock may be set back. To err on this side makes a holder give up early, never late.
 */
export function elapsedMs(since: Instant): number {
  return Math.max(performance.now() - since.monotonicMs, Date.now() - since.wallMs);
}
