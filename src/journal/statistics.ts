import { RecentMap } from '../util/recent-map.js';
import type { HistoryEntry } from './entry.js';

/** How long something took, over all times that it was measured. In milliseconds, with an error of at most one per cent. */
export interface Durations {
  /** How often it was measured. */
  readonly count: number;
  /** Half of them took no longer than this; 0 where there are none. */
  readonly p50: number;
  /** Nine of ten. */
  readonly p90: number;
  /** 99 of a hundred. */
  readonly p99: number;
  /** The longest, exactly. */
  readonly max: number;
}

/** What a history says in numbers. */
export interface HistoryStatistics {
  /** How often each event was recorded. Events that repeat are sampled, so that their number says little. */
  readonly events: Readonly<Partial<Record<HistoryEntry['event'], number>>>;
  /** How long the acquisitions that got the lock took. */
  readonly wait: Durations;
  /** How long locks were held until they were released or lost. Those of killed holders are not measured. */
  readonly hold: Durations;
  /** How many lines the writers could not write. */
  readonly dropped: number;
}

/**
 * Counts the entries of a history, in bounded memory however many there are.
 *
 * @example
 * const counter = new HistoryCounter();
 * for await (const entry of readHistory('inbox')) counter.add(entry);
 * console.log(counter.statistics.wait.p90);
 */
export class HistoryCounter {
  readonly #events: Partial<Record<HistoryEntry['event'], number>> = {};
  readonly #wait = new Histogram();
  readonly #hold = new Histogram();
  /** A lock that was lost may still be released. */
  readonly #lost = new RecentMap<true>(1000);
  #dropped = 0;

  /** Counts one entry. */
  add({ event, lockId, reason, durationMs, dropped }: HistoryEntry): void {
    this.#events[event] = (this.#events[event] ?? 0) + 1;
    this.#dropped += dropped;
    if (event === 'acquire') this.#wait.add(durationMs);
    if (event === 'lost') this.#lost.set(lockId, true);
    if (event === 'lost' || (event === 'release' && reason === 'released' && !this.#lost.get(lockId))) {
      this.#hold.add(durationMs);
    }
  }

  /** The numbers so far. */
  get statistics(): HistoryStatistics {
    const [wait, hold] = [this.#wait.durations, this.#hold.durations];
    return { events: { ...this.#events }, wait, hold, dropped: this.#dropped };
  }
}

const STEP = Math.log(1.02);
const SMALLEST_MS = 0.01;

/** Counts durations in classes that are two per cent wide. */
class Histogram {
  readonly #classes = new Map<number, number>();
  #count = 0;
  #max = 0;

  add(ms: number): void {
    const index = ms <= SMALLEST_MS ? 0 : Math.ceil(Math.log(ms / SMALLEST_MS) / STEP);
    this.#classes.set(index, (this.#classes.get(index) ?? 0) + 1);
    this.#count += 1;
    this.#max = Math.max(this.#max, ms);
  }

  get durations(): Durations {
    const classes = [...this.#classes].sort(([a], [b]) => a - b);
    const at = (share: number): number => {
      let left = Math.ceil(share * this.#count);
      const found = classes.find(([, count]) => (left -= count) <= 0);
      return found === undefined ? 0 : Math.min(this.#max, middleOf(found[0]));
    };
    return { count: this.#count, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: this.#max };
  }
}

/** Rounded to a hundredth of a millisecond. */
function middleOf(index: number): number {
  return index === 0 ? 0 : Math.round(SMALLEST_MS * Math.exp((index - 0.5) * STEP) * 100) / 100;
}
