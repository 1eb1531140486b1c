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
import { sleep } from '../../../src/util/sleep.js';
import { WrappedVfs } from './wrapped-vfs.js';

/** A store behind a network: each call takes a while to get there, and its answer one to come back. */
export class SlowVfs extends WrappedVfs {
  readonly #delayMs: () => number;

  constructor(inner: Vfs, delayMs: () => number) {
    super(inner);
    this.#delayMs = delayMs;
  }

  override read(path: string, options?: ReadOptions): Promise<Snapshot | undefined> {
    return this.#slowly(() => super.read(path, options));
  }
  override create(path: string, data: Uint8Array, options?: CallOptions): Promise<Written | undefined> {
    return this.#slowly(() => super.create(path, data, options));
  }
  override replace(
    path: string,
    version: Version,
    data: Uint8Array,
    options?: CallOptions,
  ): Promise<Written | undefined> {
    return this.#slowly(() => super.replace(path, version, data, options));
  }
  override remove(path: string, version: Version, options?: CallOptions): Promise<boolean> {
    return this.#slowly(() => super.remove(path, version, options));
  }
  override stat(path: string, options?: CallOptions): Promise<Stat | undefined> {
    return this.#slowly(() => super.stat(path, options));
  }
  override async *list(folder: string, options?: ListOptions): AsyncGenerator<Entry> {
    await sleep(this.#delayMs());
    yield* super.list(folder, options);
  }
  override write(path: string, data: Uint8Array | AsyncIterable<Uint8Array>, options?: CallOptions): Promise<void> {
    return this.#slowly(() => super.write(path, data, options));
  }
  override move(from: string, to: string, options?: CallOptions): Promise<void> {
    return this.#slowly(() => super.move(from, to, options));
  }
  override delete(path: string, options?: CallOptions): Promise<boolean> {
    return this.#slowly(() => super.delete(path, options));
  }

  async #slowly<T>(call: () => Promise<T>): Promise<T> {
    await sleep(this.#delayMs());
    try {
      return await call();
    } finally {
      await sleep(this.#delayMs());
    }
  }
}
