const MOST = 10_000;

/**
 * The names under which a regular file was seen over one connection. Opening a FIFO hangs a server's whole session, so that
 * a name has to be looked at before it is opened; that it was a file a while ago saves the wait for the answer.
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
