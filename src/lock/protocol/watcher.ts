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
export function waitForLock(watchLock: WatchLock | undefined, signal: AbortSignal, waiting: Waiting): Promise<Woken> {
  return new LockWait(watchLock, signal, waiting).start();
}

class LockWait {
  readonly #watchLock: WatchLock | undefined;
  readonly #signal: AbortSignal;
  readonly #waiting: Waiting;
  #stop: (() => void) | undefined;
  #timer: unknown;
  #away: unknown;
  #settle: ((woken: Woken) => void) | undefined;

  constructor(watchLock: WatchLock | undefined, signal: AbortSignal, waiting: Waiting) {
    this.#watchLock = watchLock;
    this.#signal = signal;
    this.#waiting = waiting;
  }

  start(): Promise<Woken> {
    if (this.#signal.aborted) return Promise.reject(this.#signal.reason as Error);
    const awayMs = this.#awayMs();
    // Most often the lock has just become free: to set up a wait costs as much as to take it.
    if (awayMs < 1 && !this.#watch()) return Promise.resolve('gone');
    return new Promise((resolve, reject) => {
      this.#settle = (woken) => {
        if (this.#signal.aborted) reject(this.#signal.reason as Error);
        else resolve(woken);
      };
      this.#timer = setTimeout(this.#onDue, this.#waiting.ms);
      this.#signal.addEventListener('abort', this.#onDue, { once: true });
      if (awayMs >= 1) this.#away = setTimeout(this.#look, awayMs);
    });
  }

  /** False: there is no lock file. */
  #watch(): boolean {
    if (this.#watchLock === undefined) return true;
    this.#stop = this.#watchLock(this.#onChange);
    return this.#stop !== undefined;
  }

  #finish(woken: Woken): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#away);
    this.#stop?.();
    this.#signal.removeEventListener('abort', this.#onDue);
    this.#settle?.(woken);
  }

  #awayMs(): number {
    return this.#watchLock === undefined ? 0 : (this.#waiting.awayMs?.() ?? 0);
  }

  readonly #onDue = (): void => {
    this.#finish('due');
  };

  readonly #look = (): void => {
    if (!this.#watch()) this.#finish('gone');
  };

  readonly #onChange = (): void => {
    this.#stop = undefined;
    const next = this.#waiting.readsChanges ? (): void => this.#finish('changed') : this.#look;
    const awayMs = this.#awayMs();
    if (awayMs >= 1) this.#away = setTimeout(next, awayMs);
    else next();
  };
}
