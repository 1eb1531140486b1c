import { LONGEST_TIMER_MS } from '../../util/abort.js';
import { timeSource, type TimeSource } from '../../util/time.js';

/**
 * All who are due within the same few milliseconds are called together: to wake up costs a process about as much as to renew a lock.
 * Renewals come soon enough before the end of a lease; who waits for the end of a wait notices the difference sooner.
 */
const RENEWALS = { tickMs: 32, keepsProcess: false };
const DEADLINES = { tickMs: 8, keepsProcess: true };

/** A shorter time than this has a timer of its own; in a longer one a tick more or less does not matter. */
export const SHORT_MS = 500;

/** Who waits for a tick. */
export interface Due {
  due(): void;
}

/** Those who are due in the same few milliseconds, `atMs` or later. */
export interface Tick {
  readonly atMs: number;
  readonly waiting: Set<Due>;
}

/**
 * All who wait for a tick, with one timer for the next one. Most locks are released long before anybody is due, and to set and to clear
 * a timer for each would cost more than all the rest of a lock. So the timer stays when nobody needs it any more.
 */
export class Ticks {
  readonly #source: TimeSource;
  readonly #tickMs: number;
  readonly #keepsProcess: boolean;
  readonly #ticks = new Map<number, Tick>();
  #timer: unknown;
  /** When the timer fires. */
  #nextMs = Infinity;

  /** `keepsProcess`: whether the process stays alive while somebody waits. */
  constructor(source: TimeSource, { tickMs, keepsProcess }: typeof RENEWALS) {
    this.#source = source;
    this.#tickMs = tickMs;
    this.#keepsProcess = keepsProcess;
  }

  /** Calls `due` once, `ms` milliseconds from now or up to a tick sooner. */
  before(ms: number, due: Due): Tick {
    return this.#add(ms, Math.floor, due);
  }

  /** Calls `due` once, `ms` milliseconds from now or up to a tick later. */
  after(ms: number, due: Due): Tick {
    return this.#add(ms, Math.ceil, due);
  }

  remove(tick: Tick, due: Due): void {
    tick.waiting.delete(due);
    if (tick.waiting.size > 0 || this.#ticks.get(tick.atMs) !== tick) return;
    this.#ticks.delete(tick.atMs);
    if (this.#ticks.size > 0) return;
    if (this.#source.isExact) this.#set(Infinity);
    else letProcessEnd(this.#timer);
  }

  #add(ms: number, round: (ticks: number) => number, due: Due): Tick {
    const { isExact, monotonicMs } = this.#source;
    const dueMs = monotonicMs() + ms;
    const atMs = isExact ? dueMs : round(dueMs / this.#tickMs) * this.#tickMs;
    if (this.#ticks.size === 0 && this.#keepsProcess) keepProcess(this.#timer);
    const known = this.#ticks.get(atMs);
    const tick = known ?? { atMs, waiting: new Set() };
    if (known === undefined) this.#ticks.set(atMs, tick);
    tick.waiting.add(due);
    if (atMs < this.#nextMs) this.#set(atMs);
    return tick;
  }

  #set(atMs: number): void {
    const { setTimeout, clearTimeout, monotonicMs } = this.#source;
    clearTimeout(this.#timer);
    this.#nextMs = atMs;
    // Whoever is due later than a timer can be set for is looked for again when it fires.
    const ms = Math.min(Math.max(1, Math.ceil(atMs - monotonicMs())), LONGEST_TIMER_MS);
    this.#timer = atMs === Infinity ? undefined : setTimeout(() => this.#call(), ms);
    if (!this.#keepsProcess) letProcessEnd(this.#timer);
  }

  #call(): void {
    const nowMs = this.#source.monotonicMs();
    const ticks = [...this.#ticks.values()].filter(({ atMs }) => atMs <= nowMs).sort((a, b) => a.atMs - b.atMs);
    for (const { atMs } of ticks) this.#ticks.delete(atMs);
    let nextMs = Infinity;
    for (const atMs of this.#ticks.keys()) nextMs = Math.min(nextMs, atMs);
    this.#set(nextMs);
    for (const { waiting } of ticks) callAll(waiting);
  }
}

function callAll(waiting: Set<Due>): void {
  for (const due of waiting) {
    waiting.delete(due);
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

let renewals = new Ticks(timeSource(), RENEWALS);
let deadlines = new Ticks(timeSource(), DEADLINES);
let source = timeSource();

/** When held locks are due. */
export function renewalTicks(): Ticks {
  refresh();
  return renewals;
}

/** When those who wait for something give up. */
export function deadlineTicks(): Ticks {
  refresh();
  return deadlines;
}

/** The timer of another clock may never fire. */
function refresh(): void {
  if (source === timeSource()) return;
  source = timeSource();
  renewals = new Ticks(source, RENEWALS);
  deadlines = new Ticks(source, DEADLINES);
}

/** Lets the process end before the timer fires. Where timers are numbers, as in a browser's window, it would end anyway. */
export function letProcessEnd(timer: unknown): void {
  (timer as { unref?: () => unknown } | undefined)?.unref?.();
}

function keepProcess(timer: unknown): void {
  (timer as { ref?: () => unknown } | undefined)?.ref?.();
}
