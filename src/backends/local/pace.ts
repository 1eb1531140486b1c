import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers';

/** How long calls that never wait may run before the event loop gets its turn, in milliseconds. */
const SLICE_MS = 0.1;

// Both are imported, as a test may replace the global ones by fakes that stop: then nobody would ever get a turn again.
let sliceStartedMs = 0;
let upcoming: Promise<void> | undefined;

/** Undefined while this turn of the event loop has time left; otherwise a promise of the next turn, to ask again then. */
export function nextTurn(): Promise<void> | undefined {
  if (upcoming !== undefined) return performance.now() - sliceStartedMs < SLICE_MS ? undefined : upcoming;
  sliceStartedMs = performance.now();
  upcoming = new Promise((resolve) => {
    setImmediate(() => {
      upcoming = undefined;
      resolve();
    });
  });
  return undefined;
}
