import { ok } from 'node:assert/strict';
import type { Readable } from 'node:stream';

import type {
  CallOptions,
  Capabilities,
  Entry,
  ListOptions,
  ReadOptions,
  Snapshot,
  Stat,
  SyncVfs,
  Version,
  Vfs,
  Written,
} from '../../vfs/vfs.js';
import { SYNC, type Behaviour } from '../behaviour.js';

/** The same behaviours with the synchronous operations, where the store has them, in place of the asynchronous ones. */
export function synchronously(behaviours: readonly Behaviour[]): readonly Behaviour[] {
  return behaviours.map(({ name, needs = [], check }) => ({
    name: `synchronously: ${name}`,
    needs: [SYNC, ...needs],
    check: (context) => {
      const vfs = new SyncOperations(context.vfs);
      return check({ ...context, vfs, clients: [vfs] });
    },
  }));
}

class SyncOperations implements Vfs {
  readonly #vfs: Vfs;
  readonly #sync: SyncVfs;

  constructor(vfs: Vfs) {
    ok(vfs.sync);
    this.#vfs = vfs;
    this.#sync = vfs.sync;
  }

  get scheme(): string {
    return this.#vfs.scheme;
  }
  get capabilities(): Capabilities {
    return this.#vfs.capabilities;
  }
  check(path: string): void {
    this.#vfs.check(path);
  }
  locate(path: string): string {
    return this.#vfs.locate(path);
  }
  read(path: string, options?: ReadOptions): Promise<Snapshot | undefined> {
    return promised(() => this.#sync.read(path, options));
  }
  create(path: string, data: Uint8Array): Promise<Written | undefined> {
    return promised(() => this.#sync.create(path, data));
  }
  replace(path: string, version: Version, data: Uint8Array): Promise<Written | undefined> {
    return promised(() => this.#sync.replace(path, version, data));
  }
  remove(path: string, version: Version): Promise<boolean> {
    return promised(() => this.#sync.remove(path, version));
  }
  stat(path: string, options?: CallOptions): Promise<Stat | undefined> {
    return this.#vfs.stat(path, options);
  }
  list(folder: string, options?: ListOptions): AsyncIterable<Entry> {
    return this.#vfs.list(folder, options);
  }
  write(path: string, data: Uint8Array | AsyncIterable<Uint8Array>, options?: CallOptions): Promise<void> {
    return this.#vfs.write(path, data, options);
  }
  move(from: string, to: string, options?: CallOptions): Promise<void> {
    return this.#vfs.move(from, to, options);
  }
  delete(path: string, options?: CallOptions): Promise<boolean> {
    return this.#vfs.delete(path, options);
  }
  readStream(path: string, options?: CallOptions): Readable {
    return this.#vfs.readStream(path, options);
  }
}

function promised<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}
