import { setImmediate } from 'node:timers';

import { RecentMap } from '../../util/recent-map.js';
import { monotonicMs } from '../../util/time.js';
import type { WaitingLine } from '../../vfs/line.js';
import type { LockTarget } from './target.js';
import { AGAIN_MS, hasTurnsLeft } from './turns.js';
import { waitForLock, type WatchLock, type Woken } from './watcher.js';

/** The longest that a caller goes without reading the lock while others are before it: the first of them may hang. */
const UNREAD_MS = 5000;

/** A process that stood in the line so recently finds others there more often than not, and makes sure before it tries. */
const CROWDED_MS = 100;

/** How often this process took one lock in a row. */
interface Turns {
  count: number;
  sinceMs: number;
  releasedMs: number;
  /** When it last stood in the line. */
  waitedMs: number;
  /** Whether the last time it asked was right after its own release. */
  asksAgain: boolean;
  /** The place of the last caller, kept for a moment: the process may ask for one more turn. */
  kept: WaitingLine | undefined;
}

const turnsOf = new RecentMap<Turns>();

/** A caller's place in the line of those who wait for a lock, in all processes of this machine, where the store has such a line. */
export class LinePlace {
  readonly #target: LockTarget;
  readonly #turns: Turns;
  /** Whether it asks for one more turn of its process, right after the one before. */
  readonly #isAgain: boolean;
  /** Whether others wait, and this process has had its turns, or the lock is taken as one would expect in a crowd. */
  readonly goesLast: boolean;
  #line: WaitingLine | undefined;
  #before = 0;
  #isReleased = false;

  /** `mayWait`: the caller has the time to let others go first. */
  constructor(target: LockTarget, mayWait: boolean) {
    this.#target = target;
    const turns = (this.#turns = turnsOf.get(target.queueKey) ?? newTurns());
    const now = monotonicMs();
    const isSoon = now - turns.releasedMs <= AGAIN_MS;
    this.#isAgain = isSoon && hasTurnsLeft(turns.count, turns.sinceMs);
    turns.asksAgain = isSoon;
    // Behind those who wait, it needs another place than the one that it had.
    if (this.#isAgain) this.#line = turns.kept;
    else turns.kept?.leave();
    turns.kept = undefined;
    const isCrowded = now - turns.waitedMs <= CROWDED_MS && (this.open()?.isTaken ?? false);
    this.goesLast = mayWait && !this.#isAgain && (isSoon || isCrowded) && (this.open()?.isOccupied ?? false);
  }

  /** Whether this caller asked for the line, and there is one. */
  get isOpen(): boolean {
    return this.#line !== undefined;
  }

  /** The line itself. Undefined: the store has none for this lock. */
  open(): WaitingLine | undefined {
    return (this.#line ??= this.#target.vfs.line?.(this.#target.path));
  }

  /**
   * Waits in the line until nobody is before this caller and the lock is free, or for about `ms` milliseconds. With `readsChanges` a
   * lock may be released by a change of its file.
   */
  async wait(
    watchLock: WatchLock,
    signal: AbortSignal,
    { ms, readsChanges }: { readonly ms: number; readonly readsChanges: boolean },
  ): Promise<Woken> {
    const line = this.open();
    this.#before = line?.join() ?? 0;
    this.#remember().waitedMs = monotonicMs();
    if (line !== undefined && this.#before > 0) {
      // Right behind one who may be the holder, it watches for the end of the lease as the first one does.
      const mostMs = this.#before > 1 ? Math.max(ms, UNREAD_MS * (0.5 + 0.5 * Math.random())) : ms;
      const woken = await waitForLock((onChange) => line.watch(onChange), signal, { ms: mostMs });
      if (woken !== 'gone') return woken;
      this.#before = 0;
      if (readsChanges) return 'changed';
    }
    return waitForLock(watchLock, signal, { ms, readsChanges });
  }

  /** The caller has the lock. */
  acquired(): void {
    const turns = this.#turns;
    if (this.#isAgain) turns.count += 1;
    else [turns.count, turns.sinceMs] = [1, monotonicMs()];
    // Those before this caller left a free lock alone.
    if (this.#before > 0) this.#line?.overtake();
  }

  /** The caller is about to release the lock. To wake the next one takes longer than to release, so that both may begin at once. */
  releasing(): void {
    const { count, sinceMs } = this.#turns;
    if (!hasTurnsLeft(count, sinceMs)) this.#line?.leave();
  }

  /** The caller does not hold the lock any more. The next one in the line gets it, unless this process is likely to ask again at once. */
  released(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    const turns = this.#remember();
    turns.releasedMs = monotonicMs();
    const line = this.#line;
    if (line !== undefined && turns.asksAgain && hasTurnsLeft(turns.count, turns.sinceMs)) keepForATurn(turns, line);
    else line?.leave();
  }

  /** The caller gave up. */
  leave(): void {
    this.#line?.leave();
  }

  #remember(): Turns {
    turnsOf.set(this.#target.queueKey, this.#turns);
    return this.#turns;
  }
}

function keepForATurn(turns: Turns, line: WaitingLine): void {
  turns.kept = line;
  setImmediate(() => {
    if (turns.kept !== line) return;
    turns.kept = undefined;
    line.leave();
  });
}

function newTurns(): Turns {
  return { count: 0, sinceMs: 0, releasedMs: -Infinity, waitedMs: -Infinity, asksAgain: false, kept: undefined };
}
