import { openFile, VfsError, VfsFile, type Entry, type Vfs } from 'vfs-lockfile';

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

  /** The CSV files that wait here, the largest first. */
  async csvFiles(): Promise<VfsFile[]> {
    const entries = await this.#entries(false);
    const waiting = entries.filter(({ path }) => path.endsWith('.csv')).sort((a, b) => b.size - a.size);
    return waiting.map(({ path }) => new VfsFile(this.#vfs, path));
  }

  /** The names of all files here and below. */
  async names(): Promise<string[]> {
    const entries = await this.#entries(true);
    return entries.map(({ path }) => path.slice(this.#path.length)).sort();
  }

  async #entries(recursive: boolean): Promise<Entry[]> {
    const entries: Entry[] = [];
    try {
      for await (const entry of this.#vfs.list(this.#path.slice(0, -1), { recursive })) entries.push(entry);
    } catch (error) {
      if (!(error instanceof VfsError) || error.code !== 'ERR_VFS_NOT_FOUND') throw error;
    }
    return entries;
  }
}
