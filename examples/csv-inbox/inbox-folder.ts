import { Lockfile, openFile, VfsError, VfsFile, type Vfs } from 'vfs-lockfile';

import { UsageError } from './options.js';
import type { SampleFile } from './sample-files.js';
import { ARCHIVE, SUMMARY } from './settings.js';

/** The folder with the CSV files, on a disk or in any other store. */
export class InboxFolder {
  readonly #vfs: Vfs;
  readonly #path: string;

  private constructor(vfs: Vfs, path: string) {
    this.#vfs = vfs;
    this.#path = path;
  }

  /**
   * Opens an empty or new folder by its path on the disk or its URI.
   * Throws `UsageError` when files cannot be written there, or when it already contains files.
   */
  static async open(location: string): Promise<InboxFolder> {
    try {
      const { vfs, path } = await openFile(`${location.replace(/\/+$/, '')}/file`);
      if (!vfs.capabilities.durable) {
        throw new UsageError(`the inbox ${location} would be a different one in each process`);
      }
      const inbox = new InboxFolder(vfs, path.slice(0, path.lastIndexOf('/') + 1));
      const [found] = await inbox.names();
      if (found !== undefined) {
        throw new UsageError(`the inbox ${location} must be empty, but contains ${JSON.stringify(found)}`);
      }
      await inbox.#checkWritable();
      return inbox;
    } catch (error) {
      throw error instanceof VfsError ? new UsageError(error.message, { cause: error }) : error;
    }
  }

  /** The names of all files in this folder and its subfolders. A folder that does not exist has none. */
  async names(): Promise<string[]> {
    const names: string[] = [];
    try {
      for await (const { path } of this.#vfs.list(this.#path.slice(0, -1), { recursive: true })) {
        names.push(path.slice(this.#path.length));
      }
    } catch (error) {
      if (!(error instanceof VfsError) || error.code !== 'ERR_VFS_NOT_FOUND') throw error;
    }
    return names.sort();
  }

  /** Copies the files into the folder. Returns their total size in bytes. */
  async fill(files: readonly SampleFile[], signal: AbortSignal): Promise<number> {
    let bytes = 0;
    for (const source of files) {
      const file = this.#file(source.name);
      await file.write(source.read(), { signal });
      bytes += (await file.stat())?.size ?? 0;
    }
    return bytes;
  }

  /** Deletes the lock files of released locks, which some stores keep. Call it only when nobody uses the inbox any more. */
  async clearTombstones(): Promise<void> {
    const locks = (await this.names()).filter((name) => name.endsWith('.lock'));
    for (const name of locks) {
      const record = await new Lockfile(this.#file(name.replace(/\.lock$/, ''))).metadata();
      if (record?.released) await this.#file(name).delete();
    }
  }

  /** Deletes these files from the folder and from its archive. */
  async empty(files: readonly SampleFile[]): Promise<void> {
    for (const { name } of files) {
      await this.#file(name).delete();
      await this.#file(ARCHIVE + name).delete();
    }
    await this.#file(SUMMARY).delete();
  }

  #file(name: string): VfsFile {
    return new VfsFile(this.#vfs, this.#path + name);
  }

  async #checkWritable(): Promise<void> {
    const file = this.#file('try');
    await file.write('Can files be written here?');
    await file.delete();
  }
}
