import { RecentMap } from '../../util/recent-map.js';
import { monotonicMs } from '../../util/time.js';
import { AGAIN_MS, hasTurnsLeft } from './turns.js';

/** What this process remembers of how crowded one lock is. */
interface Crowd {
  /** How long a caller had to wait here before, in milliseconds; 0: nobody else wants the lock. */
  usualMs: number;
  /** When that was last seen. */
  seenMs: number;
  releasedMs: number;
  /** How often this process took the lock in a row, and when it did so first. */
  turns: number;
  turnsSinceMs: number;
  /** When a process that takes the lock again and again next finds out whether somebody waits for it. */
  yieldAtMs: number;
  yieldEveryMs: number;
}

/** How long a caller lets those who wait go first. */
const YIELD_MS = { least: 1, most: 5 };

/** A process that nobody competes with checks whether that is still so, at intervals that grow from the least to the most. */
const YIELD_EVERY_MS = { least: 5, most: 1000 };

/** For which part of the time that is usual before it a caller stays away. */
const AWAY_SHARE = 0.8;

/** Which part of what is missing to that it stays away at once: there may be fewer who wait than before. */
const STEP_SHARE = 2 / 3;

/** The longest that a caller stays away from a lock because others have waited for longer. */
const LONGEST_AWAY_MS = 500;

/** The longest that it goes without reading the lock. */
const LONGEST_UNREAD_MS = 5000;

/** A caller that comes this many usual waits after the last one of its process forgets them. */
const FORGET_AFTER = 4;

const crowds = new RecentMap<Crowd>();

/**
 * A caller's place among all who wait for one lock, in any process. No process knows the others: each compares how long this
 * caller has waited with how long the callers before it had to. Who has waited that long reacts to a release at once, and who
 * has not stays away for part of the difference, so that it need not be woken for each release in between. Only fairness and
 * cost depend on this, never safety.
 */
export class Place {
  readonly #key: string;
  readonly #sinceMs: number;
  /** The last such time. */
  #awayMs = 0;
  /** Whether it asks for one more turn of its process, right after the one before. */
  #isAgain = false;

  /** `sinceMs`: when the caller began to wait, on the monotonic clock. */
  constructor(key: string, sinceMs: number) {
    this.#key = key;
    this.#sinceMs = sinceMs;
    const crowd = crowds.get(key);
    // A crowd of long ago says nothing about today.
    if (crowd && sinceMs - crowd.seenMs > FORGET_AFTER * crowd.usualMs) crowd.usualMs = 0;
  }

  /** Whether others had the lock lately, so that it is probably taken. */
  get isCrowded(): boolean {
    return (crowds.get(this.#key)?.usualMs ?? 0) > 0 && !this.#isAgain;
  }

  /** How long to let others go first before the first try: only right after a release by this process. */
  yieldMs(): number {
    const crowd = crowds.get(this.#key);
    const now = monotonicMs();
    if (crowd === undefined || now - crowd.releasedMs > AGAIN_MS) return 0;
    if (crowd.usualMs > 0) {
      this.#isAgain = hasTurnsLeft(crowd.turns, crowd.turnsSinceMs);
      return this.#isAgain ? 0 : Math.min(YIELD_MS.most, Math.max(YIELD_MS.least, crowd.usualMs / 8));
    }
    if (now < crowd.yieldAtMs) return 0;
    crowd.yieldEveryMs = Math.min(YIELD_EVERY_MS.most, crowd.yieldEveryMs * 2);
    crowd.yieldAtMs = now + crowd.yieldEveryMs;
    return YIELD_MS.least;
  }

  /** How long to stay away before the lock is looked at: 0 for those who have waited the longest. */
  awayMs(): number {
    this.#awayMs = Math.min(LONGEST_AWAY_MS, Math.floor(this.#missingMs * STEP_SHARE));
    return this.#awayMs;
  }

  /** How long to go without reading the lock at least, as it is not this caller's turn yet. */
  unreadMs(): number {
    return Math.min(LONGEST_UNREAD_MS, this.#missingMs);
  }

  /** The caller has the lock. `waited`: it did not get it at its first try. */
  acquired(waited: boolean): void {
    const crowd = crowds.get(this.#key);
    if (this.#isAgain && !waited && crowd) {
      crowd.turns += 1;
      return;
    }
    if (crowd) [crowd.turns, crowd.turnsSinceMs] = [1, monotonicMs()];
    if (!waited) {
      if (crowd) crowd.usualMs = crowd.usualMs < 1 ? 0 : crowd.usualMs / 2;
      return;
    }
    const kept = crowd ?? newCrowd();
    kept.seenMs = monotonicMs();
    const waitedMs = kept.seenMs - this.#sinceMs;
    // A caller that was lucky once must not be faster for ever. But where a lock was free for a caller that came back late, there
    // are fewer callers than before.
    const isShorter = this.#awayMs > 0 || kept.usualMs === 0;
    kept.usualMs = isShorter ? waitedMs : kept.usualMs + (waitedMs - kept.usualMs) / 4;
    kept.yieldEveryMs = YIELD_EVERY_MS.least;
    crowds.set(this.#key, kept);
  }

  /** How much this caller has waited less than is usual. */
  get #missingMs(): number {
    const usualMs = crowds.get(this.#key)?.usualMs ?? 0;
    return Math.max(0, AWAY_SHARE * usualMs - (monotonicMs() - this.#sinceMs));
  }
}

/** This process has released the lock. */
export function noteRelease(key: string): void {
  const releasedMs = monotonicMs();
  const crowd = crowds.get(key) ?? newCrowd();
  if (releasedMs - crowd.releasedMs > YIELD_EVERY_MS.most) {
    crowd.yieldEveryMs = YIELD_EVERY_MS.least;
    crowd.yieldAtMs = releasedMs + crowd.yieldEveryMs;
  }
  crowd.releasedMs = releasedMs;
  crowds.set(key, crowd);
}

function newCrowd(): Crowd {
  return {
    ...{ usualMs: 0, seenMs: 0, releasedMs: -Infinity, turns: 1, turnsSinceMs: monotonicMs() },
    ...{ yieldAtMs: 0, yieldEveryMs: YIELD_EVERY_MS.least },
  };
}
