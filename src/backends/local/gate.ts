import { performance } from 'node:perf_hooks';

/** How many threads Node has for system calls, unless the environment says otherwise. */
const POOL_THREADS = 4;

/** The calls of one queue, of which a limited number runs at once. */
class Lane {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(width: number) {
    this.#free = width;
  }

  async run<T>(call: () => PromiseLike<T> | T): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await call();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

/**
 * All calls to disks that may hang. One thread of the pool stays free for everybody else, however many such disks there are.
 * Threads wait for a dead server until it comes back, and nothing can end that.
 */
const pool = new Lane(Math.max(1, (Number(process.env.UV_THREADPOOL_SIZE) || POOL_THREADS) - 1));

const gates = new Map<string, Gate>();

/** The system calls to one folder. On a disk that may hang, one at a time, so that they take only one thread when it does. */
export class Gate {
  readonly #lane: Lane | undefined;
  readonly #folder: string;
  #users = 0;
  /** When the disk answered last. */
  answeredMs = performance.now();

  constructor(folder: string, mayHang: boolean) {
    this.#folder = folder;
    this.#lane = mayHang ? new Lane(1) : undefined;
  }

  /** Begins an operation of several calls. */
  enter(): void {
    this.#users += 1;
    gates.set(this.#folder, this);
  }

  leave(): void {
    this.#users -= 1;
    if (this.#users === 0 && gates.get(this.#folder) === this) gates.delete(this.#folder);
  }

  async run<T>(call: () => PromiseLike<T> | T): Promise<T> {
    try {
      return await (this.#lane ? this.#lane.run(() => pool.run(call)) : call());
    } finally {
      this.answeredMs = performance.now();
    }
  }
}

/** The gate of a folder, which is shared by all operations that are under way there. */
export function gateOf(folder: string, mayHang: boolean): Gate {
  return gates.get(folder) ?? new Gate(folder, mayHang);
}
