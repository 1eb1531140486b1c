import { TextDecoder } from 'node:util';
import type { Readable } from 'node:stream';

import { isBranded } from '../util/brand.js';
import { kindOf, LockOptionError } from '../util/option-error.js';
import { VfsError } from './errors.js';
import { nameOf } from './path.js';
import { resolvePath } from './resolve.js';
import { badUri } from './uri.js';
import type { CallOptions, MoveOptions, Snapshot, Stat, Vfs } from './vfs.js';

const FILE = Symbol.for('vfs-lockfile.VfsFile');

/**
 * A path in a store. Making one does no I/O, and the file need not exist. Every method fails with a `VfsError`.
 *
 * @example
 * const file = await openFile('s3://bucket/inbox/orders.csv');
 * const { size } = (await file.stat()) ?? { size: 0 };
 * await file.move('../archive/orders.csv');
 */
export class VfsFile {
  /** Also true for a file of another copy of this package in the same process. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return isBranded(this, VfsFile, FILE, value);
  }

  /** The store. */
  readonly vfs: Vfs;
  /** Relative to the root of the store. */
  readonly path: string;

  /**
   * The file at `path`, relative to the root of `vfs`.
   *
   * @throws {LockOptionError} `ERR_LOCK_OPTION`: `vfs` is no store, or `path` no string.
   * @throws {VfsError} `ERR_VFS_PATH`: the store could never hold a file with this path.
   */
  constructor(vfs: Vfs, path: string) {
    if (typeof (vfs as Partial<Vfs> | undefined)?.check !== 'function') {
      throw new LockOptionError(`vfs must be a store such as localVfs(), not ${kindOf(vfs)}; for a path use openFile`);
    }
    if (typeof path !== 'string') throw new LockOptionError(`path must be a string, not ${kindOf(path)}`);
    vfs.check(path);
    this.vfs = vfs;
    this.path = path;
  }

  /** The last name in the path: `orders.csv`. */
  get name(): string {
    return nameOf(this.path);
  }

  /** The display path: an absolute path on the local disk, elsewhere a URI. `openFile` turns it into the same file. */
  toString(): string {
    return this.vfs.locate(this.path);
  }

  /**
   * The same file by its path without symbolic links in its folder, so that the path stays right when such a link is changed. The
   * file need not exist; a link in its own place is not followed.
   *
   * @throws {VfsError} `ERR_VFS_NOT_FOUND`: the folder does not exist. `ERR_VFS_UNSUPPORTED`: SFTP, where links cannot be resolved.
   */
  real(): VfsFile {
    const path = this.vfs.realPath?.(this.path) ?? this.path;
    return path === this.path ? this : new VfsFile(this.vfs, path);
  }

  /**
   * The whole content, with its version and times.
   *
   * @throws {VfsError} `ERR_VFS_NOT_FOUND`: there is no such file; `tryRead` returns undefined then.
   */
  async read(options?: CallOptions): Promise<Snapshot> {
    const snapshot = await this.tryRead(options);
    if (snapshot) return snapshot;
    throw new VfsError('ERR_VFS_NOT_FOUND', `cannot read ${String(this)}: there is no such file`);
  }

  /**
   * The whole content as text in UTF-8, without a byte order mark.
   *
   * @throws {VfsError} `ERR_VFS_NOT_FOUND`: there is no such file. `ERR_VFS_IO`: its content is not UTF-8.
   * @example
   * const rows = (await file.readText()).split('\n');
   */
  async readText(options?: CallOptions): Promise<string> {
    const { data } = await this.read(options);
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(data);
    } catch (cause) {
      throw new VfsError('ERR_VFS_IO', `cannot read ${String(this)} as text: it is not UTF-8`, { cause });
    }
  }

  /** The whole content, with its version and times. Undefined: there is no such file. */
  tryRead(options?: CallOptions): Promise<Snapshot | undefined> {
    return this.vfs.read(this.path, options);
  }

  /** Size in bytes and modification time. Undefined: there is no such file. */
  stat(options?: CallOptions): Promise<Stat | undefined> {
    return this.vfs.stat(this.path, options);
  }

  /** The content as a stream, which fails with `ERR_VFS_NOT_FOUND` where there is no such file. */
  readStream(options?: CallOptions): Readable {
    return this.vfs.readStream(this.path, options);
  }

  /** Writes the whole file, whatever was there, and makes any folders that are missing. Readers see the old or the new content. */
  write(data: Uint8Array | string | AsyncIterable<Uint8Array>, options?: CallOptions): Promise<void> {
    return this.vfs.write(this.path, typeof data === 'string' ? Buffer.from(data) : data, options);
  }

  /**
   * The file of the same store that `to` names: a path relative to the folder of this file (`'../archive/orders.csv'`), an absolute
   * path, or a URI of the same store. A path that ends with `/` is a folder: the file keeps its name. An absolute path is one of
   * the disk on the local disk; elsewhere it begins at the root of the store. Does no I/O. A `VfsFile` is returned as it is.
   *
   * @throws {VfsError} `ERR_VFS_PATH`: no file of this store can have that path. `ERR_VFS_URI`: the URI or file is in another store.
   * @example
   * const results = file.resolve('../results/').resolve('rows.json');
   */
  resolve(to: string | VfsFile): VfsFile {
    if (!(to instanceof VfsFile)) return new VfsFile(this.vfs, resolvePath(this.vfs, this.path, to));
    if (to.vfs === this.vfs) return to;
    throw badUri(String(to), `is in another store than ${String(this)}`);
  }

  /**
   * Moves the file to another path of its store, and makes any folders that are missing. `to` is understood as `resolve` does:
   * relative to the folder of this file, absolute, or a URI of the same store. Returns the file there.
   *
   * @throws {VfsError} `ERR_VFS_EXISTS`: there is a file already. `ERR_VFS_NOT_FOUND`: this file does not exist. `ERR_VFS_CHANGED`:
   *   it was replaced meanwhile, or is not what `ifUnchanged` expects. `ERR_VFS_PATH`, `ERR_VFS_URI`: `to` is no file of this store.
   * @example
   * await file.move('../archive/'); // inbox/orders.csv becomes archive/orders.csv
   */
  async move(to: string | VfsFile, options?: MoveOptions): Promise<VfsFile> {
    const target = this.resolve(to);
    await this.vfs.move(this.path, target.path, options);
    return target;
  }

  /** Deletes the file. False: there was none. */
  delete(options?: CallOptions): Promise<boolean> {
    return this.vfs.delete(this.path, options);
  }
}

// On the prototype, as a property that each object is given costs more than all else about it.
Object.defineProperty(VfsFile.prototype, FILE, { value: true });
