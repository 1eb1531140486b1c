import { wallMs } from '../util/time.js';
import { hostname } from 'node:os';

import { LockNotHeldError } from '../lock/model/errors.js';
import { VfsError } from '../vfs/errors.js';
import { VfsFile } from '../vfs/file.js';
import type { Lockfile } from '../lock/lockfile.js';
import { releaseQuietly } from '../lock/quiet-release.js';
import type { ClaimedFile } from './claimed-file.js';
import { freePaths } from './free-names.js';

/** How to archive a file. */
export interface ArchiveOptions {
  /**
   * Where there is a file of that name already, archive under a name that is free: `orders.csv` becomes
   * `orders-20261127T010322123Z.csv`.
   * @default false: `archive` rejects with `ERR_VFS_EXISTS`
   */
  readonly unique?: boolean | undefined;
}

/** The events that a claim reports to the inbox. */
export interface ClaimEvents {
  /** The file has left the inbox; the lock is still held. */
  readonly onMoved: () => Promise<void>;
  /** `released`: the file is where it was. */
  readonly onSettled: (released: boolean) => void;
}

const NOTE_SUFFIX = '.error.json';

/** A file of an inbox whose lock is held by this process until the file is archived, failed or released. */
export class Claim {
  /** The claimed file. */
  readonly file: VfsFile;
  /** The lock on the file. Its `signal` aborts when the lock is lost. `reclaimedFrom` says whose unfinished work this may be. */
  readonly lock: Lockfile;
  /** How often the file was claimed, this time included. Counted only with `maxAttempts`; else it is 1. */
  readonly attempts: number;
  readonly #file: ClaimedFile;
  readonly #events: ClaimEvents;
  #settled = false;

  constructor(file: ClaimedFile, lock: Lockfile, attempts: number, events: ClaimEvents) {
    this.file = file;
    this.lock = lock;
    this.attempts = attempts;
    this.#file = file;
    this.#events = events;
  }

  /** Whether the claim has ended: archived, failed, released, its file replaced or removed, or its lock found to be lost. */
  get settled(): boolean {
    return this.#settled;
  }

  /**
   * Moves the file and releases the lock. `to` is understood as by `file.move`: relative to the folder of the file, which is the
   * inbox, or absolute, or a URI of the same store; where it ends with `/` the file keeps its name. Returns the moved file.
   *
   * Only what was claimed is archived: a file that was replaced or changed since stays in the inbox, to be claimed as a new one.
   *
   * @throws {LockLostError} if the lock was lost. The claim has ended then.
   * @throws {LockNotHeldError} if the claim had ended before.
   * @throws {VfsError} `ERR_VFS_CHANGED`: the file was replaced or changed since it was claimed. `ERR_VFS_NOT_FOUND`: it is gone. The
   *   claim has ended then. `ERR_VFS_EXISTS`: there is a file at the target. `ERR_VFS_PATH`, `ERR_VFS_URI`: `to` is no file of the same
   *   store. After these, and where the store fails, the file is still claimed.
   * @example
   * await claim.archive('../archive/', { unique: true });
   */
  archive(to: string | VfsFile, { unique = false }: ArchiveOptions = {}): Promise<VfsFile> {
    return this.#move(to, unique, '');
  }

  /**
   * Moves a file that cannot be processed, as `archive` does, but always under a name that is free, and writes the error beside it,
   * to `<target>.error.json`. Returns the moved file.
   *
   * @throws as `archive` does, but never `ERR_VFS_EXISTS`. Where only the note could not be written, the file has been moved and the
   *   claim has ended.
   * @example
   * await claim.fail('../failed/', error).catch(console.error);
   */
  fail(to: string | VfsFile, error: unknown): Promise<VfsFile> {
    return this.#move(to, true, NOTE_SUFFIX, async (target) => {
      const note = new VfsFile(target.vfs, target.path + NOTE_SUFFIX);
      await note.write(`${JSON.stringify(this.#describe(error), undefined, 2)}\n`);
    });
  }

  /** Releases the lock and leaves the file as it is, for another worker or for later. Does nothing if the claim has ended. */
  async release(): Promise<void> {
    await this.#settle(true);
  }

  /** Does the same as `release`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  /** `finish` runs under the lock when the file is at its target. */
  async #move(
    to: string | VfsFile,
    unique: boolean,
    suffix: string,
    finish?: (target: VfsFile) => Promise<void>,
  ): Promise<VfsFile> {
    const target = this.file.resolve(to);
    this.#assertOpen();
    const moved = await (unique ? this.#moveToFree(target, suffix) : this.#moveTo(target));
    try {
      await this.#events.onMoved();
      await finish?.(moved);
    } finally {
      await this.#settle(false);
    }
    if (this.lock.loss) throw this.lock.loss;
    return moved;
  }

  async #moveToFree({ vfs, path }: VfsFile, suffix: string): Promise<VfsFile> {
    for (const free of freePaths(vfs, path, suffix)) {
      try {
        return await this.#moveTo(new VfsFile(vfs, free));
      } catch (error) {
        if (codeOf(error) !== 'ERR_VFS_EXISTS') throw error;
      }
    }
    throw new Error('unreachable: the names never end');
  }

  async #moveTo(target: VfsFile): Promise<VfsFile> {
    try {
      // Who was stopped past the lease finds out here, before the file is moved under the next one's hands.
      await this.lock.confirm({ signal: this.lock.signal });
      return await this.file.move(target, { signal: this.lock.signal, ifUnchanged: this.#file.seen });
    } catch (error) {
      const isOver = codeOf(error) === 'ERR_VFS_CHANGED' || codeOf(error) === 'ERR_VFS_NOT_FOUND';
      if (this.lock.held && !isOver) throw error;
      await this.#settle(true);
      // A move that was aborted because the lock was lost: that loss is the error to report.
      throw this.lock.loss ?? error;
    }
  }

  async #settle(released: boolean): Promise<void> {
    if (this.#settled) return;
    this.#settled = true;
    await releaseQuietly(this.lock);
    this.#events.onSettled(released);
  }

  #assertOpen(): void {
    if (this.#settled) throw this.lock.loss ?? new LockNotHeldError(`the claim of ${String(this.file)} has ended`);
  }

  #describe(error: unknown): object {
    const { name, message, code, stack } = (error instanceof Error ? error : { message: String(error) }) as Partial<
      Error & { readonly code: unknown }
    >;
    const { ownerId, lockId } = this.lock.record ?? { ownerId: '', lockId: '' };
    return {
      file: this.file.toString(),
      failedAt: new Date(wallMs()).toISOString(),
      error: { name, message, code: typeof code === 'string' ? code : undefined, stack },
      by: { ownerId: ownerId || undefined, hostname: hostname(), pid: process.pid, lockId },
    };
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof VfsError ? error.code : undefined;
}
