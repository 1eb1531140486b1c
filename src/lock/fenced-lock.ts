import { commit, type CommitData } from '../fencing/commit.js';
import { epochFile } from '../fencing/epochs.js';
import type { VfsFile } from '../vfs/file.js';
import type { CallOptions } from '../vfs/vfs.js';
import type { Acquisitions } from './acquisitions.js';
import { fencingTokenOf } from './fencing-token.js';
import type { LockTarget } from './protocol/target.js';
import { ReportingLock } from './reporting-lock.js';

/** What a `Lockfile` offers so that its work cannot overwrite the work of whoever has the lock after it. */
export abstract class FencedLock extends ReportingLock {
  /** The file that is locked, which need not exist. */
  readonly file: VfsFile;
  readonly #target: LockTarget;
  readonly #acquisitions: Acquisitions;
  readonly #isFenced: boolean;

  protected constructor(file: VfsFile, target: LockTarget, acquisitions: Acquisitions, isFenced: boolean) {
    super(acquisitions);
    this.file = file;
    this.#target = target;
    this.#acquisitions = acquisitions;
    this.#isFenced = isFenced;
  }

  /**
   * The fencing token of the last acquisition: higher than those of all acquisitions of this lock before it. It stays the same when
   * the lock is renewed, and is still there after the lock was lost or released.
   *
   * @throws {LockNotHeldError} `ERR_LOCK_NOT_HELD`: the lock was never acquired by this object.
   * @throws {LockOptionError} `ERR_LOCK_OPTION`: the lock was made without the option `fencing`.
   */
  get fencingToken(): bigint {
    return fencingTokenOf(this.#acquisitions.last(), this.#isFenced);
  }

  /**
   * Reads the lock file once, and resolves only if this object has held the lock without a gap until now. Call it after the work,
   * before its result is reported. What the work did is not undone.
   *
   * @throws {LockLostError} `ERR_LOCK_LOST`: the lock was lost.
   * @throws {LockNotHeldError} `ERR_LOCK_NOT_HELD`: the lock was never acquired, or was released.
   * @throws {VfsError} The lock file cannot be read.
   */
  async confirm(options: CallOptions = {}): Promise<void> {
    await this.#acquisitions.last().confirm(options);
  }

  /**
   * Writes a whole file, unless somebody else has acquired the lock since. The store decides this, not the clock of this process. On
   * the local disk and over SFTP nobody can take the lock over between the check and the write. On S3 and GCS the file carries the
   * token in its metadata, so that nothing lower overwrites it; a stream is kept in memory there, at most 64 MiB. `file` is
   * understood as by `file.resolve` of the locked file: relative to its folder, absolute, or a URI of the same store.
   *
   * @throws {FencedError} `ERR_FENCED`: the lock is somebody else's, or a higher token has written the file. Nothing was changed.
   * @throws {LockNotHeldError} `ERR_LOCK_NOT_HELD`: the lock was never acquired by this object.
   * @throws {LockOptionError} `ERR_LOCK_OPTION`: `file` is the lock file, `data` is of the wrong type, or the lock has no `fencing`.
   * @throws {VfsError} The store failed, cannot commit, or `file` is in another store.
   * @example
   * await lock.commit('summary.json', JSON.stringify(summary));
   */
  async commit(file: string | VfsFile, data: CommitData, options: CallOptions = {}): Promise<void> {
    const held = this.#acquisitions.last();
    await commit({ target: this.#target, held, token: this.fencingToken }, this.file.resolve(file), data, options);
  }

  /**
   * Where this acquisition writes the new version of `path`: the same name in a folder of its own, `e<token>/`. Nobody reads it before
   * `publish` of `vfs-lockfile/fencing` has made it current. Write it with any tool, of any size. `path` is understood as by
   * `file.resolve` of the locked file.
   *
   * @throws {LockNotHeldError} `ERR_LOCK_NOT_HELD`: the lock was never acquired by this object.
   * @throws {LockOptionError} `ERR_LOCK_OPTION`: the lock was made without the option `fencing`.
   * @throws {VfsError} `ERR_VFS_PATH`: the store could never hold a file with this path.
   */
  epochPath(path: string | VfsFile): VfsFile {
    return epochFile(this.file.resolve(path), this.fencingToken);
  }
}
