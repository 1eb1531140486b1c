import { monotonicMs } from '../util/time.js';
import { ServiceError } from './errors.js';

/** Counts the requests that wait for locks, so that they cannot use up the memory. */
export class Waits {
  readonly #most: number;
  readonly #waiting = new Map<string, number>();
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get count(): number {
    return this.#count;
  }

  /** How many requests of this instance wait for one lock. */
  of(name: string): number {
    return this.#waiting.get(name) ?? 0;
  }

  async during<T>(name: string, work: () => Promise<T>): Promise<T> {
    if (this.#count >= this.#most) {
      throw new ServiceError('too_many_waits', 'too many requests wait for locks', { retryAfterMs: 1000 });
    }
    this.#add(name, 1);
    try {
      return await work();
    } finally {
      this.#add(name, -1);
    }
  }

  #add(name: string, step: number): void {
    this.#count += step;
    const waiting = this.of(name) + step;
    if (waiting === 0) this.#waiting.delete(name);
    else this.#waiting.set(name, waiting);
  }
}

/** What became of a wish for a lock, as far as it counts. */
type Taken =
  { readonly outcome: 'held' } | { readonly outcome: string; readonly lease: { readonly record: LeaseRecord } };

interface LeaseRecord {
  readonly leaseMs: number;
}

/** Counts the locks that each token has taken or renewed through this instance and not released, until their leases end. */
export class LockCounts {
  readonly #most: number;
  /** By token and name: when the lease ends, on the clock of this process; Infinity while a request tries to take the lock. */
  readonly #held = new Map<string, Map<string, number>>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Takes a lock by `take`, unless the token has as many as it may. */
  async during<T extends Taken>(by: string, name: string, take: () => Promise<T>): Promise<T> {
    const held = this.#of(by);
    const before = held.get(name);
    if (before === undefined) this.#makeRoom(held);
    held.set(name, before ?? Infinity);
    try {
      const taken = await take();
      if ('lease' in taken) this.renewed(by, name, taken.lease.record);
      return taken;
    } finally {
      if (held.get(name) === Infinity) held.delete(name);
    }
  }

  renewed(by: string, name: string, { leaseMs }: LeaseRecord): void {
    this.#of(by).set(name, monotonicMs() + leaseMs);
  }

  released(by: string, name: string): void {
    this.#of(by).delete(name);
  }

  #of(by: string): Map<string, number> {
    const held = this.#held.get(by) ?? new Map<string, number>();
    this.#held.set(by, held);
    return held;
  }

  #makeRoom(held: Map<string, number>): void {
    if (held.size < this.#most) return;
    const nowMs = monotonicMs();
    for (const [name, endsMs] of held) if (endsMs < nowMs) held.delete(name);
    if (held.size >= this.#most) throw new ServiceError('too_many_locks', 'this token holds as many locks as it may');
  }
}

/** How many names are remembered; more are forgotten all at once, in favour of those who ask. */
const MOST_CLIENTS = 10_000;

/** Lets each client make a number of requests a second, and twice as many at once. */
export class Rate {
  readonly #perSecond: number;
  readonly #clients = new Map<string, { left: number; atMs: number }>();

  /** Infinity: no limit. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  take(client: string): void {
    if (this.#perSecond === Infinity) return;
    const most = Math.max(1, this.#perSecond * 2);
    const nowMs = monotonicMs();
    if (this.#clients.size > MOST_CLIENTS) this.#clients.clear();
    const known = this.#clients.get(client) ?? { left: most, atMs: nowMs };
    const left = Math.min(most, known.left + ((nowMs - known.atMs) * this.#perSecond) / 1000);
    this.#clients.set(client, { left: Math.max(0, left - 1), atMs: nowMs });
    if (left >= 1) return;
    const retryAfterMs = Math.ceil((1000 * (1 - left)) / this.#perSecond);
    throw new ServiceError('rate_limited', 'too many requests a second', { retryAfterMs });
  }
}
