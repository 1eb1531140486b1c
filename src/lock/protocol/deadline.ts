import { clearInterval, setInterval } from 'node:timers';

import { clearTimeout, setTimeout } from '../../util/time.js';
import { LONGEST_TIMER_MS } from '../../util/abort.js';
import { onAbort } from '../../util/on-abort.js';
import { deadlineTicks, SHORT_MS, type Due, type Tick, type Ticks } from './ticks.js';

/** Work had not ended some time after its deadline. */
export class OverdueError extends Error {
  override readonly name = 'OverdueError';

  constructor(cause: unknown) {
    super('no answer by the deadline', { cause });
  }
}

/** The end of a wait: when its time is up, or when the caller's signal aborts. Keeps the process alive until cleared. */
export class Deadline implements Due {
  readonly #stopListening: (() => void) | undefined;
  readonly #timer: unknown;
  readonly #ticks: Ticks | undefined;
  readonly #tick: Tick | undefined;
  readonly #keepingAlive: NodeJS.Timeout | undefined;
  #reason: unknown;
  #onEnd: (() => void) | undefined;
  /** Made only when somebody asks for the signal: most locks are free, and signals are expensive. */
  #controller: AbortController | undefined;

  constructor(ms: number, signal?: AbortSignal) {
    if (signal?.aborted) this.#reason = signal.reason;
    else if (signal) this.#stopListening = onAbort(signal, () => this.end(signal.reason));
    if (ms === Infinity) this.#keepingAlive = setInterval(() => undefined, LONGEST_TIMER_MS);
    else if (ms < SHORT_MS) this.#timer = setTimeout(() => this.due(), ms);
    else {
      this.#ticks = deadlineTicks();
      this.#tick = this.#ticks.after(Math.min(ms, LONGEST_TIMER_MS), this);
    }
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get hasEnded(): boolean {
    return this.#reason !== undefined;
  }

  /** Ends the wait now. */
  end(reason: unknown): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
    this.#onEnd?.();
  }

  /**
   * The outcome of `work`, or a rejection with `OverdueError` where it has not settled `graceMs` after the end: a store may
   * ignore signals, or hang. Then `work` continues in the background.
   */
  until<T>(work: Promise<T>, graceMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      let timer: unknown;
      const settled = (): void => {
        clearTimeout(timer);
        this.#onEnd = undefined;
      };
      this.#onEnd = () => (timer ??= setTimeout(() => reject(new OverdueError(this.#reason)), graceMs));
      work.then(resolve, reject).finally(settled);
      if (this.#reason !== undefined) this.#onEnd();
    });
  }

  clear(): void {
    if (this.#tick) this.#ticks?.remove(this.#tick, this);
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    if (this.#keepingAlive) clearInterval(this.#keepingAlive);
    this.#stopListening?.();
  }

  /** Its time is up. */
  due(): void {
    this.end(new DOMException('the time to wait is over', 'TimeoutError'));
  }
}
