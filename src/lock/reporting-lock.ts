import type { Acquisitions } from './acquisitions.js';

/** What a `Lockfile` offers so that others see how far its work has come. */
export abstract class ReportingLock {
  readonly #acquisitions: Acquisitions;

  protected constructor(acquisitions: Acquisitions) {
    this.#acquisitions = acquisitions;
  }

  /**
   * Says how far the work has come, for others to read: `status`, `ls -o wide` and the errors of those who wait show it, and for how
   * long there was no progress. It is written with the next renewal and costs no request of its own, so it may be called often. A value
   * that equals the last one is no progress. Of a plain object with `done`, `total` and `text` people see `12 of 40, orders.csv`; any
   * other plain JSON object of at most 1 KiB and 8 levels is shown as it is.
   *
   * @throws {LockOptionError} `ERR_LOCK_OPTION`: the value is no such object, or too large.
   * @throws {LockLostError} `ERR_LOCK_LOST`: the lock was lost.
   * @throws {LockNotHeldError} `ERR_LOCK_NOT_HELD`: the lock was never acquired, or was released.
   * @example
   * await withLock('inbox/orders.csv', async (file, lock) => {
   *   lock.progress({ done: 12, total: 40, text: 'orders.csv' });
   * });
   */
  progress(value: Readonly<Record<string, unknown>>): void {
    const held = this.#acquisitions.last();
    held.assertHeld();
    held.lease.report(value);
  }
}
