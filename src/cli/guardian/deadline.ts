/**
 * An instant that the processes of one machine agree on, on both clocks that count for a lock: the monotonic one stands still
 * while the machine sleeps, the wall clock may be set back. It has come when it has come on either.
 */
export interface Deadline {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** Undefined: never. */
export function deadlineIn(ms: number): Deadline | undefined {
  return ms === Infinity ? undefined : { monotonicMs: monotonicMs() + ms, wallMs: Date.now() + ms };
}

/** Milliseconds until then. */
export function leftMs(deadline: Deadline | undefined): number {
  if (deadline === undefined) return Infinity;
  return Math.min(deadline.monotonicMs - monotonicMs(), deadline.wallMs - Date.now());
}

/** Unlike `performance.now()`, it counts from the same instant in every process. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
