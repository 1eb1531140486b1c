import { hostname } from 'node:os';

import { LockNotHeldError } from '../lock/model/errors.js';
import { LockOptionError } from '../util/option-error.js';
import { VfsError } from '../vfs/errors.js';
import { VfsFile } from '../vfs/file.js';
import type { Lockfile } from '../lock/lockfile.js';
import { normalizePath } from '../vfs/path.js';
import { releaseQuietly } from '../lock/quiet-release.js';
import type { Folder } from '../vfs/path.js';

/** A file of an inbox whose lock is held by this process until the file is archived, failed or released. */
export class Claim {
  /** The claimed file. */
  readonly file: VfsFile;
  /** The lock on the file. Its `signal` aborts when the lock is lost. `reclaimedFrom` says whose unfinished work this may be. */
  readonly lock: Lockfile;
  readonly #inbox: Folder;
  readonly #onSettled: (released: boolean) => void;
  #settled = false;

  constructor(inbox: Folder, file: VfsFile, lock: Lockfile, onSettled: (released: boolean) => void) {
    this.#inbox = inbox;
    this.file = file;
    this.lock = lock;
    this.#onSettled = onSettled;
  }

  /** Whether the claim has ended: archived, failed, released, or its lock found to be lost. */
  get settled(): boolean {
    return this.#settled;
  }

  /**
   * Moves the file to a path relative to the inbox and releases the lock. A path that ends with `/` is a folder: the file keeps its name.
   * Returns the moved file.
   *
   * @throws {LockLostError} if the lock was lost. The claim has ended then.
   * @throws {LockNotHeldError} if the claim had ended before.
   * @throws {LockOptionError} if the path is not one in the same store.
   * @throws {VfsError} if the store fails, with `ERR_VFS_EXISTS` if the target exists. The file is still claimed then.
   */
  async archive(to: string | VfsFile): Promise<VfsFile> {
    const target = this.#target(to);
    await this.#move(target);
    return target;
  }

  /**
   * Moves a file that cannot be processed, as `archive` does, and writes the error beside it, to `<target>.error.json`.
   *
   * @throws as `archive` does.
   */
  async fail(to: string | VfsFile, error: unknown): Promise<VfsFile> {
    const target = this.#target(to);
    const note = new VfsFile(target.vfs, `${target.path}.error.json`);
    this.#assertOpen();
    if (await target.stat())
      throw new VfsError('ERR_VFS_EXISTS', `cannot move ${String(this.file)}: ${String(target)} exists`);
    await note.write(`${JSON.stringify(this.#describe(error), undefined, 2)}\n`, { signal: this.lock.signal });
    try {
      await this.#move(target);
    } catch (failure) {
      await note.delete().catch(() => undefined);
      throw failure;
    }
    return target;
  }

  /** Releases the lock and leaves the file as it is, for another worker or for later. Does nothing if the claim has ended. */
  async release(): Promise<void> {
    await this.#settle(true);
  }

  /** Does the same as `release`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  async #move(target: VfsFile): Promise<void> {
    this.#assertOpen();
    try {
      this.lock.assertHeld();
      await this.file.move(target.path, { signal: this.lock.signal });
    } catch (error) {
      // The move was aborted because the lock was lost. That loss is the error to report.
      if (this.lock.held) throw error;
      await this.#settle(true);
      throw this.lock.loss ?? error;
    }
    await this.#settle(false);
    if (this.lock.loss) throw this.lock.loss;
  }

  async #settle(released: boolean): Promise<void> {
    if (this.#settled) return;
    this.#settled = true;
    await releaseQuietly(this.lock);
    this.#onSettled(released);
  }

  #assertOpen(): void {
    if (this.#settled) throw this.lock.loss ?? new LockNotHeldError(`the claim of ${String(this.file)} has ended`);
  }

  #target(to: string | VfsFile): VfsFile {
    const { vfs, name } = this.file;
    if (to instanceof VfsFile) {
      if (to.vfs === vfs) return to;
      throw new LockOptionError(`to must be in the store of the inbox, not ${String(to)}`);
    }
    if (typeof to !== 'string' || to === '' || /^[a-z][a-z0-9+.-]+:\/\//i.test(to)) {
      throw new LockOptionError(`to must be a path in the store of the inbox, not ${JSON.stringify(to)}`);
    }
    const path = to.endsWith('/') ? to + name : to;
    return new VfsFile(vfs, normalizePath(path.startsWith('/') ? path : `${this.#inbox.path}/${path}`));
  }

  #describe(error: unknown): object {
    const { name, message, code, stack } = (error instanceof Error ? error : { message: String(error) }) as Partial<
      Error & { readonly code: unknown }
    >;
    const { ownerId, lockId } = this.lock.record ?? { ownerId: '', lockId: '' };
    return {
      file: this.file.toString(),
      failedAt: new Date().toISOString(),
      error: { name, message, code: typeof code === 'string' ? code : undefined, stack },
      by: { ownerId: ownerId || undefined, hostname: hostname(), pid: process.pid, lockId },
    };
  }
}
