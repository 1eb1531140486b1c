import { clearTimeout, monotonicMs, setTimeout, timeSource, type TimeSource } from '../../util/time.js';

/** All who are due within the same few milliseconds are called together: to wake up costs a process about as much as to renew a lock. */
const TICK_MS = 8;

/** Who waits for a tick. */
export interface Due {
  due(): void;
}

/** A few milliseconds in which somebody is due, with one timer for all of them. It does not keep the process alive. */
export class Tick {
  readonly #ticks: Map<number, Tick>;
  readonly #place: number;
  readonly #waiting = new Set<Due>();
  readonly #timer: unknown;

  constructor(ticks: Map<number, Tick>, place: number) {
    this.#ticks = ticks;
    this.#place = place;
    ticks.set(place, this);
    this.#timer = setTimeout(() => this.#call(), Math.max(1, Math.ceil(place * TICK_MS - monotonicMs())));
    letProcessEnd(this.#timer);
  }

  add(due: Due): void {
    this.#waiting.add(due);
  }

  remove(due: Due): void {
    this.#waiting.delete(due);
    if (this.#waiting.size > 0) return;
    clearTimeout(this.#timer);
    this.#end();
  }

  #call(): void {
    this.#end();
    for (const due of this.#waiting) {
      this.#waiting.delete(due);
      try {
        due.due();
      } catch (error) {
        // It must not keep the others from their renewals.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  #end(): void {
    if (this.#ticks.get(this.#place) === this) this.#ticks.delete(this.#place);
  }
}

let source: TimeSource | undefined;
let ticks = new Map<number, Tick>();

/** The tick that is `ms` milliseconds from now, or up to 8 less. */
export function tickIn(ms: number): Tick {
  // A tick of another clock may never come.
  if (source !== timeSource()) {
    source = timeSource();
    ticks = new Map();
  }
  const place = Math.floor((monotonicMs() + ms) / TICK_MS);
  return ticks.get(place) ?? new Tick(ticks, place);
}

/** Lets the process end before the timer fires. Where timers are numbers, as in a browser's window, it would end anyway. */
export function letProcessEnd(timer: unknown): void {
  (timer as { unref?: () => unknown }).unref?.();
}
