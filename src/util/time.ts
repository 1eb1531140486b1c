import { performance } from 'node:perf_hooks';
import { clearTimeout as clearRealTimeout, setTimeout as setRealTimeout } from 'node:timers';

/** Where the time of this library comes from: leases, renewals and waits. The time limits of a store are always real. */
export interface TimeSource {
  /** Milliseconds since 1970, which may be set back. */
  readonly wallMs: () => number;
  /** Milliseconds since any instant. */
  readonly monotonicMs: () => number;
  readonly setTimeout: (work: () => void, ms: number) => unknown;
  readonly clearTimeout: (timer: unknown) => void;
  /** Each timer has to fire at its very time, and none may stay that nobody needs: a test counts on both. */
  readonly isExact?: boolean;
  /** Blocks the thread. */
  readonly sleepSync: (ms: number) => void;
}

/** Made on first use: a snapshot of a starting process cannot contain shared memory. */
let sleeper: Int32Array | undefined;

/**
 * What the runtime had when this module was loaded. The globals of the same names may be replaced by then and later: by fake timers,
 * which stand still, and in a window, where timers are numbers.
 */
export const realTime: TimeSource = {
  wallMs: realWallClock(),
  monotonicMs: performance.now.bind(performance),
  setTimeout: setRealTimeout,
  clearTimeout: (timer) => clearRealTimeout(timer as NodeJS.Timeout | undefined),
  sleepSync: (ms) => void Atomics.wait((sleeper ??= new Int32Array(new SharedArrayBuffer(4))), 0, 0, ms),
};

let source = realTime;

/** Replaces the source of time, for tests. Returns how to bring the last one back. */
export function setTimeSource(next: TimeSource): () => void {
  const last = source;
  source = next;
  return () => {
    source = last;
  };
}

/** Where the time comes from now. */
export function timeSource(): TimeSource {
  return source;
}

export function wallMs(): number {
  return source.wallMs();
}

export function monotonicMs(): number {
  return source.monotonicMs();
}

export function setTimeout(work: () => void, ms: number): unknown {
  return source.setTimeout(work, ms);
}

export function clearTimeout(timer: unknown): void {
  source.clearTimeout(timer);
}

/** Blocks this thread. */
export function sleepSync(ms: number): void {
  source.sleepSync(ms);
}

/** A fake `Date` that was installed before this module was loaded is no function of the runtime. A new realm has a real one. */
function realWallClock(): () => number {
  const { now } = Date;
  if (Function.prototype.toString.call(now).includes('[native code]')) return now;
  return process.getBuiltinModule('node:vm').runInNewContext('Date.now') as () => number;
}
