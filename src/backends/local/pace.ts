import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers';

/** How long calls that never wait may run before the event loop gets its turn, in milliseconds. */
const SLICE_MS = 0.2;

// Both are imported, as a test may replace the global ones by fakes that stop: then nobody would ever get a turn again.
let sliceStartedMs = 0;
let isUnderWay = false;

/** Who waits for a turn, in the order in which they came. */
const waiting: (() => void)[] = [];
/** The first of them was woken, and asks again. */
let isGranted = false;

/**
 * Undefined: the caller may go on, as this turn of the event loop has time left. Otherwise a promise of the moment to ask again. Callers
 * are woken one after the other: if all of them were woken in each turn, a thousand would cost half a million wake-ups.
 */
export function nextTurn(): Promise<void> | undefined {
  if (!isUnderWay) {
    beginSlice();
    return undefined;
  }
  if (isGranted || (waiting.length === 0 && hasTime())) {
    isGranted = false;
    return undefined;
  }
  return new Promise((resolve) => {
    waiting.push(resolve);
  });
}

function hasTime(): boolean {
  return performance.now() - sliceStartedMs < SLICE_MS;
}

function beginSlice(): void {
  isUnderWay = true;
  sliceStartedMs = performance.now();
  setImmediate(() => {
    isUnderWay = false;
    if (waiting.length === 0) return;
    beginSlice();
    wakeOne();
  });
}

/** Wakes the first who waits, and the next when that one has done its work and there is time left. */
function wakeOne(): void {
  isGranted = true;
  waiting.shift()?.();
  if (waiting.length === 0) return;
  void Promise.resolve().then(() => {
    if (waiting.length > 0 && hasTime()) wakeOne();
  });
}
