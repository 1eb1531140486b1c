const MOST = 10_000;

/**
 * The names under which one connection has seen a regular file. Opening a FIFO hangs a server's whole session, so a name is
 * checked before it is opened; a name that was a file recently is opened without waiting for that answer.
 */
export class KnownFiles {
  readonly #files = new Set<string>();

  has(path: string): boolean {
    return this.#files.has(path);
  }

  note(path: string, isFile: boolean): void {
    if (this.#files.size >= MOST) this.#files.clear();
    if (isFile) this.#files.add(path);
    else this.#files.delete(path);
  }
}
