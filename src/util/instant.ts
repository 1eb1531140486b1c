import { monotonicMs, wallMs } from './time.js';
/** An instant on two clocks. All processes of one machine agree on it until the machine restarts. */
export interface Instant {
  /** Stands still while the machine sleeps. */
  readonly monotonicMs: number;
  /** May be set back. */
  readonly wallMs: number;
}

/**
 * `performance.now()` counts from the start of each process, and this makes it count from the start of the machine. It is a
 * whole number, so that differences between instants of one process stay exact.
 */
const PROCESS_START_MS = Math.round(Number(process.hrtime.bigint()) / 1e6 - monotonicMs());

export function now(): Instant {
  return { monotonicMs: PROCESS_START_MS + monotonicMs(), wallMs: wallMs() };
}

/** The instant `ms` milliseconds from now. Undefined: never. */
export function instantIn(ms: number): Instant | undefined {
  if (ms === Infinity) return undefined;
  const { monotonicMs, wallMs } = now();
  return { monotonicMs: monotonicMs + ms, wallMs: wallMs + ms };
}

/**
 * Milliseconds since an instant, on the clock that shows more of them: a holder that trusts this number may give up early,
 * but never late.
 */
export function elapsedMs(since: Instant): number {
  return Math.max(PROCESS_START_MS + monotonicMs() - since.monotonicMs, wallMs() - since.wallMs);
}

/** Milliseconds until an instant, on the clock that shows fewer of them. `undefined` never comes. */
export function msUntil(instant: Instant | undefined): number {
  return instant === undefined ? Infinity : -elapsedMs(instant);
}

/** By how many milliseconds more the wall clock has gone on since an instant: the machine slept, or the clock was set. */
export function sleptMs(since: Instant): number {
  const { monotonicMs, wallMs } = now();
  return wallMs - since.wallMs - (monotonicMs - since.monotonicMs);
}
