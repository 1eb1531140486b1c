import type { Readable } from 'node:stream';

import { nameOf } from './path.js';
import type { CallOptions, Snapshot, Stat, Vfs } from './vfs.js';

/** A file in some store: a path and where it leads. Makes no I/O until it is asked to. */
export class VfsFile {
  readonly vfs: Vfs;
  /** Relative to the root of the store. */
  readonly path: string;

  /** Throws `ERR_VFS_PATH` for a path that the store could never hold. */
  constructor(vfs: Vfs, path: string) {
    vfs.check(path);
    this.vfs = vfs;
    this.path = path;
  }

  get name(): string {
    return nameOf(this.path);
  }

  /** An absolute path on the local disk, elsewhere a URI; `openFile` leads back from it. */
  toString(): string {
    return this.vfs.locate(this.path);
  }

  /** Undefined: there is no such file. */
  read(options?: CallOptions): Promise<Snapshot | undefined> {
    return this.vfs.read(this.path, options);
  }

  stat(options?: CallOptions): Promise<Stat | undefined> {
    return this.vfs.stat(this.path, options);
  }

  readStream(options?: CallOptions): Readable {
    return this.vfs.readStream(this.path, options);
  }

  /** Writes the whole file, whatever was there. */
  write(data: Uint8Array | string | AsyncIterable<Uint8Array>, options?: CallOptions): Promise<void> {
    return this.vfs.write(this.path, typeof data === 'string' ? Buffer.from(data) : data, options);
  }

  /** Moves the file within its store; `ERR_VFS_EXISTS` when the target is taken. */
  async move(to: string, options?: CallOptions): Promise<VfsFile> {
    const target = new VfsFile(this.vfs, to);
    await this.vfs.move(this.path, to, options);
    return target;
  }

  /** False: there was no such file. */
  delete(options?: CallOptions): Promise<boolean> {
    return this.vfs.delete(this.path, options);
  }
}
