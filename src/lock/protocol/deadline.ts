/** A caller's patience: ends when its time is up or when its own signal aborts. Keeps the process alive until cleared. */
export class Deadline {
  readonly #callers: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  #reason: unknown;
  /** Made when somebody asks for the signal: most locks are free, and signals are dear. */
  #controller: AbortController | undefined;

  constructor(ms: number, signal?: AbortSignal) {
    this.#callers = signal;
    if (signal?.aborted) this.#reason = signal.reason;
    else signal?.addEventListener('abort', this.#forward, { once: true });
    if (ms !== Infinity) this.#timer = setTimeout(this.#expire, Math.min(ms, LONGEST_TIMER_MS));
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#callers?.removeEventListener('abort', this.#forward);
  }

  readonly #forward = (): void => {
    this.#end(this.#callers?.reason);
  };

  readonly #expire = (): void => {
    this.#end(new DOMException('the time to wait is up', 'TimeoutError'));
  };

  #end(reason: unknown): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
  }
}

/** A timer with a longer delay would fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
