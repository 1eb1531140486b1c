import { hostname } from 'node:os';

import { LockNotHeldError } from '../lock/model/errors.js';
import { LockOptionError } from '../util/option-error.js';
import { VfsError } from '../vfs/errors.js';
import { VfsFile } from '../vfs/file.js';
import type { Lockfile } from '../lock/lockfile.js';
import { normalizePath } from '../vfs/path.js';
import { releaseQuietly } from '../lock/quiet-release.js';
import type { Folder } from '../vfs/path.js';

/** A file of an inbox, claimed by holding its lock, until it is archived, failed or given back. */
export class Claim {
  readonly file: VfsFile;
  /** Its `signal` aborts when the lock is lost; `reclaimedFrom` tells whose unfinished work this may be. */
  readonly lock: Lockfile;
  readonly #inbox: Folder;
  readonly #onSettled: (givenBack: boolean) => void;
  #settled = false;

  constructor(inbox: Folder, file: VfsFile, lock: Lockfile, onSettled: (givenBack: boolean) => void) {
    this.#inbox = inbox;
    this.file = file;
    this.lock = lock;
    this.#onSettled = onSettled;
  }

  /** Whether it was archived, failed, given back, or found to be lost. */
  get settled(): boolean {
    return this.#settled;
  }

  /**
   * Moves the file, done, to a path in its store, relative to the inbox (`'archive/'`: into that folder, under its own name),
   * and gives the lock back. Rejects with `LockLostError` when the lock was lost, or with a `VfsError` (`ERR_VFS_EXISTS` when the
   * target is taken), after which the file is still claimed.
   */
  async archive(to: string | VfsFile): Promise<VfsFile> {
    const target = this.#target(to);
    await this.#move(target);
    return target;
  }

  /** The same for a file that cannot be done; what went wrong is written beside it, to `<target>.error.json`. */
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

  /** Gives the file back as it is, for somebody else, or for later. Without effect on a claim that is settled. */
  async release(): Promise<void> {
    await this.#settle(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  async #move(target: VfsFile): Promise<void> {
    this.#assertOpen();
    try {
      this.lock.assertHeld();
      await this.file.move(target.path, { signal: this.lock.signal });
    } catch (error) {
      // A move that was cut off by the loss of the lock is of no interest any more.
      if (this.lock.held) throw error;
      await this.#settle(true);
      throw this.lock.loss ?? error;
    }
    await this.#settle(false);
    if (this.lock.loss) throw this.lock.loss;
  }

  async #settle(givenBack: boolean): Promise<void> {
    if (this.#settled) return;
    this.#settled = true;
    await releaseQuietly(this.lock);
    this.#onSettled(givenBack);
  }

  #assertOpen(): void {
    if (this.#settled) throw this.lock.loss ?? new LockNotHeldError(`the claim of ${String(this.file)} is settled`);
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
