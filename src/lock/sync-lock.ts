import type { Reclaimed } from './model/holder.js';
import type { LockLostError } from './model/errors.js';
import type { VfsFile } from '../vfs/file.js';
import type { HeldLock } from './protocol/held-lock.js';

/** A lock on a local file that is held, with everything done by the time a call returns. */
export class SyncLock {
  readonly file: VfsFile;
  readonly #holding: HeldLock;
  readonly #reclaimed: Reclaimed | undefined;

  constructor(file: VfsFile, holding: HeldLock, reclaimed: Reclaimed | undefined) {
    this.file = file;
    this.#holding = holding;
    this.#reclaimed = reclaimed;
  }

  /** Whether the lock is held, decided by its own deadline at the moment of asking. */
  get held(): boolean {
    return this.#holding.held;
  }

  /** Milliseconds until the lock is lost unless it is renewed; 0 when it is not held. */
  get remainingMs(): number {
    return this.held ? this.#holding.lease.remainingMs : 0;
  }

  /** How the lock was lost while it was held. Undefined: it was not. */
  get loss(): LockLostError | undefined {
    return this.#holding.loss;
  }

  /** The stale lock that this one took over. */
  get reclaimedFrom(): Reclaimed | undefined {
    return this.#reclaimed;
  }

  /** Throws `LockLostError` or `LockNotHeldError` unless the lock is held at this very moment. */
  assertHeld(): void {
    this.#holding.assertHeld();
  }

  /** Renews the lease now. Code that blocks the thread for long has to, as nothing goes on in the background meanwhile. */
  renew(): void {
    this.#holding.renewSync();
  }

  /** Gives the lock back. False: it was lost or given back before. */
  release(): boolean {
    return this.#holding.releaseSync();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
