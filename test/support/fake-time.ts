import { vi } from 'vitest';

import { realTime, setTimeSource } from '../../src/util/time.js';

let restore: (() => void) | undefined;

/** Replaces globals as `vi.useFakeTimers` does, and lets the library follow them. */
export function fakeGlobals(options: Parameters<typeof vi.useFakeTimers>[0]): void {
  vi.useFakeTimers(options);
  restore ??= setTimeSource({
    wallMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    setTimeout: (work, ms) => setTimeout(work, ms),
    clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout | undefined),
    isExact: true,
    sleepSync: realTime.sleepSync,
  });
}

/** Undoes it. */
export function realGlobals(): void {
  restore?.();
  restore = undefined;
  vi.useRealTimers();
}
