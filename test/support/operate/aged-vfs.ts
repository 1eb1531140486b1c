import type {
  CallOptions,
  Entry,
  ListOptions,
  ReadOptions,
  Snapshot,
  Stat,
  Version,
  Vfs,
  Written,
} from '../../../src/index.js';
import { WrappedVfs } from '../stores/wrapped-vfs.js';

/** How many milliseconds are added to the age of each file, for all readers of one store, until the file is written again. */
export type Ages = Map<string, number>;

/** A store whose clock has gone on since some of its files were written: what no bucket can be brought to from outside. */
export class AgedVfs extends WrappedVfs {
  readonly #ages: Ages;

  constructor(inner: Vfs, ages: Ages) {
    super(inner);
    this.#ages = ages;
  }

  age(path: string, ms: number): void {
    this.#ages.set(path, ms);
  }

  override async read(path: string, options?: ReadOptions): Promise<Snapshot | undefined> {
    return this.#aged(path, await super.read(path, options));
  }
  override async stat(path: string, options?: CallOptions): Promise<Stat | undefined> {
    return this.#aged(path, await super.stat(path, options));
  }
  override async *list(folder: string, options?: ListOptions): AsyncGenerator<Entry> {
    for await (const entry of super.list(folder, options)) yield this.#aged(entry.path, entry);
  }

  override create(path: string, data: Uint8Array, options?: CallOptions): Promise<Written | undefined> {
    return this.#renewing(path, super.create(path, data, options));
  }
  override replace(path: string, version: Version, data: Uint8Array, options?: CallOptions) {
    return this.#renewing(path, super.replace(path, version, data, options));
  }
  override write(path: string, data: Uint8Array | AsyncIterable<Uint8Array>, options?: CallOptions): Promise<void> {
    this.#ages.delete(path);
    return super.write(path, data, options);
  }
  override move(from: string, to: string, options?: CallOptions): Promise<void> {
    this.#ages.delete(to);
    return super.move(from, to, options);
  }

  #aged<T extends Stat | Snapshot | undefined>(path: string, seen: T): T {
    const ms = this.#ages.get(path) ?? 0;
    return seen && { ...seen, modifiedMs: seen.modifiedMs - ms };
  }

  async #renewing(path: string, written: Promise<Written | undefined>): Promise<Written | undefined> {
    const result = await written;
    if (result) this.#ages.delete(path);
    return result;
  }
}
