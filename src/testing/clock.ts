import { performance as realPerformance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers';

import { durationMs, type Duration } from '../util/duration.js';
import { realTime, setTimeSource, type TimeSource } from '../util/time.js';
import { undo, type Undo } from './undo.js';

/** Turns of the event loop in which what a timer has started may go on. */
const TURNS = 5;

interface FakeTimer {
  readonly work: () => void;
  readonly atMs: number;
}

/** The time of this library, which moves only when the test says so. */
export interface FakeClock extends Disposable {
  /** The time now, in milliseconds since 1970. */
  readonly nowMs: number;
  /**
   * Lets time go by, in milliseconds or as a duration string. Everything of this library that falls due happens meanwhile, in its
   * order: renewals, polls, the ends of leases and waits.
   *
   * @throws {LockOptionError} `ERR_LOCK_OPTION`: `duration` is no duration.
   */
  advance(duration: Duration): Promise<void>;
  /** Brings the real time back. The end of a `using` block does the same. */
  restore(): void;
}

/**
 * From now on the time of this library stands still in this process: leases, renewals, waits, polls, and the clock of `memVfs`.
 * Nothing else is changed, so `setTimeout` and `Date` of the code under test go on. Use it with stores in memory: a disk or a server
 * stamps its files by a clock of its own.
 *
 * @param startMs The time it shows at first, in milliseconds since 1970; by default the real one.
 * @example
 * using clock = useFakeClock();
 * const held = await lock(new VfsFile(memVfs(), 'a.csv'), { ttl: '30s', renew: false });
 * await clock.advance('31s');
 * console.log(held.loss?.reason); // expired
 */
export function useFakeClock(startMs: number = realTime.wallMs()): FakeClock {
  const clock = new Clock(startMs);
  clock.restore = setTimeSource(clock);
  return clock;
}

/**
 * From now on this library follows the globals `Date` and `setTimeout`, which the fake timers of vitest, Jest and `node:test` replace;
 * by default it does not. Replace both, or neither. With `vi.useFakeTimers()`, move the time by `vi.advanceTimersByTimeAsync`.
 *
 * @example
 * vi.useFakeTimers();
 * const undo = useGlobalClock();
 * await vi.advanceTimersByTimeAsync(30_000);
 * undo();
 */
export function useGlobalClock(): Undo {
  const hasFakePerformance = (): boolean => globalThis.performance.now !== realPerformance.now;
  const source: TimeSource = {
    ...realTime,
    wallMs: () => Date.now(),
    monotonicMs: () => (hasFakePerformance() ? globalThis.performance.now() : Date.now()),
    setTimeout: (work, ms) => globalThis.setTimeout(work, ms),
    clearTimeout: (timer) => globalThis.clearTimeout(timer as NodeJS.Timeout | undefined),
    isExact: true,
  };
  return undo(setTimeSource(source));
}

class Clock implements FakeClock, TimeSource {
  readonly isExact = true;
  #nowMs: number;
  readonly #timers = new Set<FakeTimer>();
  restore: () => void = () => undefined;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  readonly wallMs = (): number => this.#nowMs;
  readonly monotonicMs = (): number => this.#nowMs;

  readonly setTimeout = (work: () => void, ms: number): FakeTimer => {
    const timer = { work, atMs: this.#nowMs + Math.max(1, ms) };
    this.#timers.add(timer);
    return timer;
  };

  readonly clearTimeout = (timer: unknown): void => {
    this.#timers.delete(timer as FakeTimer);
  };

  /** What falls due meanwhile happens at the next `advance`. */
  readonly sleepSync = (ms: number): void => {
    this.#nowMs += ms;
  };

  async advance(duration: Duration): Promise<void> {
    const endMs = this.#nowMs + durationMs(duration, 'duration', { zero: true });
    await settle();
    for (let next = this.#next(endMs); next; next = this.#next(endMs)) {
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.work();
      await settle();
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
  }

  [Symbol.dispose](): void {
    this.restore();
  }

  #next(endMs: number): FakeTimer | undefined {
    let first: FakeTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.atMs <= endMs && (first === undefined || timer.atMs < first.atMs)) first = timer;
    }
    return first;
  }
}

/** Stores in memory answer within a few turns. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
