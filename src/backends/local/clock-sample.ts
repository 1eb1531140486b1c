import { now, type Instant } from '../../util/instant.js';

/** For how many milliseconds a sample is used. */
const USED_FOR_MS = 1000;

/** By how much the two clocks of this process may differ since the sample: more means that the time of the machine was set. */
const MOST_DRIFT_MS = 5;

/**
 * The clock of a disk of this machine, as files that this process wrote there have shown it. So a waiter that has just written
 * needs no scratch file to learn the time. It is never ahead of the disk.
 */
export class ClockSample {
  #diskMs = 0;
  /** From after the write. */
  #at: Instant | undefined;

  /** The time stamp of a file that was written just now. Whole seconds may come from a coarse clock, and do not count. */
  note(diskMs: number): void {
    this.#diskMs = diskMs;
    this.#at = diskMs % 1000 === 0 ? undefined : now();
  }

  /** The time of the disk, in milliseconds since 1970. Undefined: nothing was written lately, or the clock was set since. */
  get nowMs(): number | undefined {
    if (this.#at === undefined) return undefined;
    const { monotonicMs, wallMs } = now();
    const elapsedMs = monotonicMs - this.#at.monotonicMs;
    if (elapsedMs > USED_FOR_MS || Math.abs(wallMs - this.#at.wallMs - elapsedMs) > MOST_DRIFT_MS) return undefined;
    return this.#diskMs + elapsedMs;
  }
}
