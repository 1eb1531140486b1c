/** Watches the lock file, as `Vfs.watch` does. */
export type WatchLock = (onChange: () => void) => (() => void) | undefined;

/** How a wait ended: the lock file is gone, or the time is over. */
export type Woken = 'gone' | 'due';

/**
 * Waits for `ms` milliseconds, or until there is no lock file, and keeps the process alive meanwhile. At first and after each change
 * of the file the caller stays away for `awayMs()`, and then finds out whether there is a file, without reading it. `watchLock`
 * undefined: it only waits.
 */
export function waitForLock(
  watchLock: WatchLock | undefined,
  signal: AbortSignal,
  { ms, awayMs }: { readonly ms: number; readonly awayMs: () => number },
): Promise<Woken> {
  return new Promise((resolve, reject) => {
    let stop: (() => void) | undefined;
    let away: NodeJS.Timeout | undefined;
    const finish = (woken: Woken): void => {
      clearTimeout(timer);
      clearTimeout(away);
      stop?.();
      signal.removeEventListener('abort', onAbort);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve(woken);
    };
    const timer = setTimeout(finish, ms, 'due');
    const onAbort = (): void => {
      finish('due');
    };
    const watch = (): void => {
      stop = watchLock?.(onChange);
      if (watchLock && stop === undefined) finish('gone');
    };
    const onChange = (): void => {
      stop = undefined;
      const ms = awayMs();
      if (ms < 1) watch();
      else away = setTimeout(watch, ms);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    else if (watchLock) onChange();
  });
}
