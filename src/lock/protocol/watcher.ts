import { clearTimeout, setTimeout } from '../../util/time.js';
/** Watches the lock file, as `Vfs.watch` does. */
export type WatchLock = (onChange: () => void) => (() => void) | undefined;

/** How a wait ended: the lock file is gone, it has changed, or the time is over. */
export type Woken = 'gone' | 'changed' | 'due';

/** How to wait for a lock. */
export interface Waiting {
  /** How long, in milliseconds. */
  readonly ms: number;
  /** How long to stay away at first and after a change of the file, in milliseconds. */
  readonly awayMs?: () => number;
  /** A lock may be released by a change of its file, so that a change ends the wait. */
  readonly readsChanges?: boolean;
}

/**
 * Waits for `ms` milliseconds, or until there is no lock file, and keeps the process alive meanwhile. At first and after each change
 * of the file the caller stays away for `awayMs()`, and then finds out whether there is a file, without reading it. `watchLock`
 * undefined: it only waits.
 */
export function waitForLock(
  watchLock: WatchLock | undefined,
  signal: AbortSignal,
  { ms, awayMs = noPause, readsChanges = false }: Waiting,
): Promise<Woken> {
  return new Promise((resolve, reject) => {
    let stop: (() => void) | undefined;
    let away: unknown;
    const finish = (woken: Woken): void => {
      clearTimeout(timer);
      clearTimeout(away);
      stop?.();
      signal.removeEventListener('abort', onAbort);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve(woken);
    };
    const timer = setTimeout(() => finish('due'), ms);
    const onAbort = (): void => {
      finish('due');
    };
    const watch = (): void => {
      stop = watchLock?.(onChange);
      if (watchLock && stop === undefined) finish('gone');
    };
    const stayAway = (next: () => void): void => {
      const ms = awayMs();
      if (ms < 1) next();
      else away = setTimeout(next, ms);
    };
    const onChange = (): void => {
      stop = undefined;
      stayAway(readsChanges ? (): void => finish('changed') : watch);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    else if (watchLock) stayAway(watch);
  });
}

function noPause(): number {
  return 0;
}
