import { clearTimeout as clearRealTimeout, setTimeout as setRealTimeout } from 'node:timers';

import { clearTimeout, setTimeout } from './time.js';

/** Waits, and keeps the process alive meanwhile. Rejects with the signal's reason when it aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return untilCalled((wake) => {
    const timer = setTimeout(wake, ms);
    return () => clearTimeout(timer);
  }, signal);
}

/** The same for a store, which does not stand still where a test stops the time. */
export function realSleep(ms: number, signal?: AbortSignal): Promise<void> {
  return untilCalled((wake) => {
    const timer = setRealTimeout(wake, ms);
    return () => clearRealTimeout(timer);
  }, signal);
}

function untilCalled(start: (wake: () => void) => () => void, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = start(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    function onAbort(): void {
      stop();
      reject(signal?.reason as Error);
    }
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
