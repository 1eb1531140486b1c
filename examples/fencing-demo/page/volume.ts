/** Where the memory backend keeps its files here: it takes any object with these methods, and the package memfs is larger than this page. */
export class Volume {
  readonly #files = new Map<string, { data: Uint8Array; mtimeMs: number }>();

  existsSync(path: string): boolean {
    return this.#files.has(path) || this.#isFolder(path);
  }

  mkdirSync(): void {
    // A folder is there as soon as a file is in it.
  }

  readFileSync(path: string): Uint8Array {
    return this.#file(path).data;
  }

  readdirSync(path: string): string[] {
    const below = path === '/' ? path : `${path}/`;
    const names = [...this.#files.keys()].filter((each) => each.startsWith(below));
    return [...new Set(names.map((each) => each.slice(below.length).split('/')[0] ?? ''))];
  }

  renameSync(from: string, to: string): void {
    this.#files.set(to, this.#file(from));
    this.#files.delete(from);
  }

  rmdirSync(): void {
    // A folder is gone as soon as no file is in it.
  }

  statSync(path: string): { isFile(): boolean; isDirectory(): boolean; size: number; mtimeMs: number } {
    const isFolder = this.#isFolder(path);
    const { data, mtimeMs } = isFolder ? { data: new Uint8Array(), mtimeMs: 0 } : this.#file(path);
    return { isFile: () => !isFolder, isDirectory: () => isFolder, size: data.length, mtimeMs };
  }

  unlinkSync(path: string): void {
    this.#file(path);
    this.#files.delete(path);
  }

  utimesSync(path: string, _accessed: number, modified: number): void {
    this.#file(path).mtimeMs = modified * 1000;
  }

  writeFileSync(path: string, data: Uint8Array): void {
    this.#files.set(path, { data: data.slice(), mtimeMs: Date.now() });
  }

  #isFolder(path: string): boolean {
    return path === '/' || [...this.#files.keys()].some((each) => each.startsWith(`${path}/`));
  }

  #file(path: string): { data: Uint8Array; mtimeMs: number } {
    const file = this.#files.get(path);
    if (file) return file;
    throw Object.assign(new Error(`ENOENT: no such file, ${path}`), { code: 'ENOENT' });
  }
}
