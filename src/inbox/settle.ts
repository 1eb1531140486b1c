import { monotonicMs } from '../util/time.js';
import type { Entry, Stat } from '../vfs/vfs.js';

/** The size and time of a file in the last scan, and since when they have been the same, by this process's clock. */
interface ObservedFile extends Stat {
  readonly sinceMs: number;
  /** Whether they differ from those in the scan before. */
  readonly changed: boolean;
}

/** Remembers the files of an inbox from one scan to the next, to find those that have stopped changing. */
export class SettleTracker {
  readonly #settleMs: number;
  readonly #resolutionMs: number;
  #observed = new Map<string, ObservedFile>();
  /** Files that this process has released, and until when they are left to other workers. */
  readonly #aside = new Map<string, Stat & { readonly untilMs: number }>();

  constructor(settleMs: number, resolutionMs: number) {
    this.#settleMs = settleMs;
    this.#resolutionMs = resolutionMs;
  }

  /** Records the result of a scan. */
  observe(entries: readonly Entry[]): void {
    const now = monotonicMs();
    const before = this.#observed;
    this.#observed = new Map();
    for (const { path, size, modifiedMs } of entries) {
      const last = before.get(path);
      const same = last !== undefined && isSame(last, { size, modifiedMs });
      const observed = same
        ? { ...last, changed: false }
        : { size, modifiedMs, sinceMs: now, changed: last !== undefined };
      this.#observed.set(path, observed);
    }
    for (const path of this.#aside.keys()) if (!this.#observed.has(path)) this.#aside.delete(path);
  }

  /** Whether a file has changed since the scan before. */
  isChanging(path: string): boolean {
    return this.#settleMs > 0 && this.#observed.get(path)?.changed === true;
  }

  /** For how many more milliseconds a file must stay the same before it may be claimed. */
  unsettledMs(path: string): number {
    const { sinceMs } = this.#observed.get(path) ?? { sinceMs: Infinity };
    return Math.max(0, this.#settleMs - (monotonicMs() - sinceMs));
  }

  /** Whether a file is still the same as in the last scan. Listings may have finer timestamps than `stat`. */
  isUnchanged(path: string, stat: Stat): boolean {
    const observed = this.#observed.get(path);
    return this.#settleMs === 0 || (observed !== undefined && isSame(observed, stat, this.#resolutionMs));
  }

  setAside(path: string, forMs: number): void {
    const observed = this.#observed.get(path);
    if (observed) this.#aside.set(path, { ...observed, untilMs: monotonicMs() + forMs });
  }

  /** Whether a file is left to other workers for now. A file that has changed since is not. */
  isAside({ path, ...stat }: Entry): boolean {
    const aside = this.#aside.get(path);
    return aside !== undefined && monotonicMs() < aside.untilMs && isSame(aside, stat);
  }
}

function isSame(a: Stat, b: Stat, resolutionMs = 0): boolean {
  return a.size === b.size && Math.abs(a.modifiedMs - b.modifiedMs) <= resolutionMs;
}
