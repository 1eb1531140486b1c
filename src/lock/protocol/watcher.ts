import type { Vfs } from '../../vfs/vfs.js';

/** Wakes a waiter when the lock file changes. Where the store cannot notify, it only waits. */
export class LockWatcher {
  readonly #stop: (() => void) | undefined;
  #changed: boolean;
  #wake: (() => void) | undefined;

  constructor(vfs: Vfs, path: string) {
    this.#stop = vfs.watch?.(path, () => {
      this.#changed = true;
      this.#wake?.();
    });
    // A change before the store was watched is never notified, so the first wait ends at once.
    this.#changed = this.#stop !== undefined;
  }

  /** Resolves after `ms` milliseconds or at the first change since the last call. Keeps the process alive meanwhile. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', finish);
        this.#changed = false;
        this.#wake = undefined;
        if (signal.aborted) reject(signal.reason as Error);
        else resolve();
      };
      const timer = setTimeout(finish, ms);
      this.#wake = finish;
      signal.addEventListener('abort', finish, { once: true });
      if (this.#changed || signal.aborted) finish();
    });
  }

  close(): void {
    this.#stop?.();
  }
}
