import { FencedError } from '../lock/model/errors.js';
import { checkedToken, type FencingToken } from './token-text.js';

/**
 * Keeps late writers from a resource that this process alone changes: it remembers the highest token that it has seen for each
 * resource, and refuses lower ones. It forgets them when the process ends, so keep the token beside the data where the data survives
 * the process.
 *
 * @example
 * const guard = new FenceGuard();
 * await guard.run('orders', 7n, () => console.log('the work of token 7'));
 */
export class FenceGuard {
  readonly #highest = new Map<string, bigint>();
  /** The last work on each resource, settled or not. */
  readonly #last = new Map<string, Promise<unknown>>();

  /**
   * Accepts a token if no higher one was accepted for this resource. Change the resource before anything is awaited; work that takes
   * longer belongs into `run`.
   *
   * @throws {FencedError} `ERR_FENCED`: a higher token was accepted before.
   * @throws {LockOptionError} `ERR_LOCK_OPTION`: this is no token.
   */
  admit(resource: string, token: FencingToken): void {
    const checked = checkedToken(token);
    const highest = this.#highest.get(resource) ?? 0n;
    if (checked < highest) throw new FencedError(resource, checked, highest);
    this.#highest.set(resource, checked);
  }

  /**
   * Runs `work` if no higher token was accepted for this resource when its turn comes. Work on one resource runs one after the other,
   * so that a lower token is never still at work when a higher one begins. Returns what `work` returns.
   *
   * @throws {FencedError} `ERR_FENCED`: a higher token was accepted before. `work` was not called.
   * @throws {LockOptionError} `ERR_LOCK_OPTION`: this is no token.
   * @throws What `work` throws.
   */
  async run<T>(resource: string, token: FencingToken, work: () => T | Promise<T>): Promise<T> {
    checkedToken(token);
    const before = this.#last.get(resource);
    const turn = (async () => {
      await before?.catch(() => undefined);
      this.admit(resource, token);
      return work();
    })();
    this.#last.set(resource, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(resource) === turn) this.#last.delete(resource);
    }
  }

  /** The highest token that was accepted for a resource. Undefined: none. */
  highest(resource: string): bigint | undefined {
    return this.#highest.get(resource);
  }
}
