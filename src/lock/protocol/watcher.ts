import type { Vfs } from '../../vfs/vfs.js';

/** Tells a waiter that the lock file changed, where the store can tell; else it only lets time go by. */
export class LockWatcher {
  readonly #stop: (() => void) | undefined;
  #rung: boolean;
  #wake: (() => void) | undefined;

  constructor(vfs: Vfs, path: string) {
    this.#stop = vfs.watch?.(path, () => {
      this.#rung = true;
      this.#wake?.();
    });
    // What changed before the store was being watched would never be told.
    this.#rung = this.#stop !== undefined;
  }

  /** Resolves after so many milliseconds or at the first change since the last call, keeping the process alive. */
  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', finish);
        this.#rung = false;
        this.#wake = undefined;
        if (signal.aborted) reject(signal.reason as Error);
        else resolve();
      };
      const timer = setTimeout(finish, ms);
      this.#wake = finish;
      signal.addEventListener('abort', finish, { once: true });
      if (this.#rung || signal.aborted) finish();
    });
  }

  close(): void {
    this.#stop?.();
  }
}
