import type { Entry, Stat } from '../vfs/vfs.js';

/** A file as it was last seen, and since when it has been so, on this process's own clock. */
interface Sighting extends Stat {
  readonly sinceMs: number;
  /** Whether it was otherwise when it was seen before. */
  readonly changed: boolean;
}

/** What is known of the files that wait in an inbox, from one look into it to the next. */
export class SettleTracker {
  readonly #settleMs: number;
  readonly #resolutionMs: number;
  #seen = new Map<string, Sighting>();
  /** Files that this inbox has given back, as they were then, and until when they are left to others. */
  readonly #aside = new Map<string, Stat & { readonly untilMs: number }>();

  constructor(settleMs: number, resolutionMs: number) {
    this.#settleMs = settleMs;
    this.#resolutionMs = resolutionMs;
  }

  /** Takes note of all that wait now. */
  observe(entries: readonly Entry[]): void {
    const now = performance.now();
    const before = this.#seen;
    this.#seen = new Map();
    for (const { path, size, modifiedMs } of entries) {
      const last = before.get(path);
      const same = last !== undefined && isSame(last, { size, modifiedMs });
      const sighting = same
        ? { ...last, changed: false }
        : { size, modifiedMs, sinceMs: now, changed: last !== undefined };
      this.#seen.set(path, sighting);
    }
    for (const path of this.#aside.keys()) if (!this.#seen.has(path)) this.#aside.delete(path);
  }

  /** Whether a file was just seen to change. */
  isChanging(path: string): boolean {
    return this.#settleMs > 0 && this.#seen.get(path)?.changed === true;
  }

  /** How long a file has to stay as it is until it may be claimed; 0: it may. */
  unsettledMs(path: string): number {
    const { sinceMs } = this.#seen.get(path) ?? { sinceMs: Infinity };
    return Math.max(0, this.#settleMs - (performance.now() - sinceMs));
  }

  /** Whether a file is still as it was when it was found to have settled. A listing may tell the time more finely than a look. */
  isAsSeen(path: string, stat: Stat): boolean {
    const seen = this.#seen.get(path);
    return this.#settleMs === 0 || (seen !== undefined && isSame(seen, stat, this.#resolutionMs));
  }

  setAside(path: string, forMs: number): void {
    const seen = this.#seen.get(path);
    if (seen) this.#aside.set(path, { ...seen, untilMs: performance.now() + forMs });
  }

  /** Whether a file is left to others: until its time has come, or it is another one. */
  isAside({ path, ...stat }: Entry): boolean {
    const aside = this.#aside.get(path);
    return aside !== undefined && performance.now() < aside.untilMs && isSame(aside, stat);
  }
}

function isSame(a: Stat, b: Stat, resolutionMs = 0): boolean {
  return a.size === b.size && Math.abs(a.modifiedMs - b.modifiedMs) <= resolutionMs;
}
