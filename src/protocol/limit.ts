/** A caller's patience: ends when its time is up or when its own signal aborts. Keeps the process alive until cleared. */
export class Limit {
  readonly #controller = new AbortController();
  readonly #callers: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #endMs: number;

  constructor(ms: number, signal?: AbortSignal) {
    this.#callers = signal;
    this.#endMs = performance.now() + ms;
    if (signal?.aborted) this.#controller.abort(signal.reason);
    else signal?.addEventListener('abort', this.#forward, { once: true });
    if (ms !== Infinity) this.#timer = setTimeout(this.#expire, Math.min(ms, LONGEST_TIMER_MS));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get leftMs(): number {
    return this.#endMs - performance.now();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#callers?.removeEventListener('abort', this.#forward);
  }

  readonly #forward = (): void => {
    this.#controller.abort(this.#callers?.reason);
  };

  readonly #expire = (): void => {
    this.#controller.abort(new DOMException('the time to wait is up', 'TimeoutError'));
  };
}

/** A timer with a longer delay would fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
