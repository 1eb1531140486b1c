import { openFile, VfsError, VfsFile, type Vfs } from 'vfs-lockfile';

/** A folder in some store. */
export class Folder {
  readonly #vfs: Vfs;
  readonly #path: string;

  private constructor(vfs: Vfs, path: string) {
    this.#vfs = vfs;
    this.#path = path;
  }

  /** Opens a folder by its path on the local disk or its URI. It need not exist: it does once something is in it. */
  static async open(location: string): Promise<Folder> {
    const { vfs, path } = await openFile(`${location.replace(/\/+$/, '')}/file`);
    return new Folder(vfs, path.slice(0, path.lastIndexOf('/') + 1));
  }

  /** Whether several processes can see the same files here. */
  get shared(): boolean {
    return this.#vfs.capabilities.durable;
  }

  file(name: string): VfsFile {
    return new VfsFile(this.#vfs, this.#path + name);
  }

  /** The names of all files here and below. */
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
}
