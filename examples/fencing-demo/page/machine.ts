import type { Host, HostTimer } from '../node/host.js';
import type { Library } from './library.js';

/**
 * A machine with one process on it. The process has a copy of the library of its own, and notices the world by two things only: its
 * timers, and the answers of the store. While it is stopped neither reaches it, which is what SIGSTOP, a suspended machine or a long
 * garbage collection does to a process; its clock goes on.
 */
export class Machine {
  readonly library: Library;
  readonly host: Host;
  #state: 'runs' | 'is stopped' | 'has crashed' = 'runs';
  #missed: (() => void)[] = [];

  constructor(hostname: string, pid: number) {
    this.host = {
      hostname,
      pid,
      setTimeout: (work, ms) => this.#setTimeout(work, ms),
      clearTimeout: (timer) => (timer as Timer | undefined)?.clear(),
    };
    this.library = loadLibrary(this.host);
  }

  get state(): 'runs' | 'is stopped' | 'has crashed' {
    return this.#state;
  }

  stop(): void {
    if (this.#state === 'runs') this.#state = 'is stopped';
  }

  /** What became due meanwhile happens now, in its order. */
  continue(): void {
    if (this.#state !== 'is stopped') return;
    this.#state = 'runs';
    const missed = this.#missed;
    this.#missed = [];
    for (const work of missed) setTimeout(() => this.#happen(work), 0);
  }

  /** Nothing happens on this machine any more. */
  crash(): void {
    this.#state = 'has crashed';
    this.#missed = [];
  }

  /** A store as this machine reaches it. */
  connect<T extends object>(store: T): T {
    return new Proxy(store, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => this.#answer(Reflect.apply(value, target, args));
      },
    });
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#setTimeout(resolve, ms));
  }

  #answer(answer: unknown): unknown {
    if (!(answer instanceof Promise)) return answer;
    return new Promise((resolve, reject) => {
      answer.then(
        (value) => this.#happen(() => resolve(value)),
        (error: unknown) => this.#happen(() => reject(error instanceof Error ? error : new Error(String(error)))),
      );
    });
  }

  #setTimeout(work: () => void, ms: number): Timer {
    const timer: Timer = new Timer(ms, () => this.#happen(() => timer.run(work)));
    return timer;
  }

  #happen(work: () => void): void {
    if (this.#state === 'runs') work();
    else if (this.#state === 'is stopped') this.#missed.push(work);
  }
}

class Timer implements HostTimer {
  readonly #id: number;
  #isCleared = false;

  constructor(ms: number, onDue: () => void) {
    this.#id = window.setTimeout(onDue, ms);
  }

  /** It may have been cleared between the moment when it was due and this one. */
  run(work: () => void): void {
    if (!this.#isCleared) work();
  }

  clear(): void {
    this.#isCleared = true;
    window.clearTimeout(this.#id);
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}
