import type { Readable } from 'node:stream';

import type {
  CallOptions,
  Capabilities,
  CommitLock,
  CommitOutcome,
  Entry,
  FolderTimes,
  ListOptions,
  ReadOptions,
  Snapshot,
  Stat,
  SyncVfs,
  Version,
  Vfs,
  Written,
} from '../../../src/index.js';

/** Another store, unchanged: the base of stores that are slow, elsewhere, or wrong in one respect. */
export class WrappedVfs implements Vfs {
  readonly inner: Vfs;
  readonly storeId?: string;
  readonly sync?: SyncVfs;
  readonly append?: NonNullable<Vfs['append']>;
  readonly removeFolder?: NonNullable<Vfs['removeFolder']>;
  readonly watch?: (path: string, onChange: () => void) => (() => void) | undefined;

  constructor(inner: Vfs) {
    this.inner = inner;
    if (inner.storeId !== undefined) this.storeId = inner.storeId;
    if (inner.sync) this.sync = inner.sync;
    if (inner.append) this.append = inner.append.bind(inner);
    if (inner.removeFolder) this.removeFolder = inner.removeFolder.bind(inner);
    if (inner.watch) this.watch = inner.watch.bind(inner);
  }

  get scheme(): string {
    return this.inner.scheme;
  }
  get capabilities(): Capabilities {
    return this.inner.capabilities;
  }
  check(path: string): void {
    this.inner.check(path);
  }
  locate(path: string): string {
    return this.inner.locate(path);
  }
  read(path: string, options?: ReadOptions): Promise<Snapshot | undefined> {
    return this.inner.read(path, options);
  }
  create(path: string, data: Uint8Array, options?: CallOptions): Promise<Written | undefined> {
    return this.inner.create(path, data, options);
  }
  replace(path: string, version: Version, data: Uint8Array, options?: CallOptions): Promise<Written | undefined> {
    return this.inner.replace(path, version, data, options);
  }
  remove(path: string, version: Version, options?: CallOptions): Promise<boolean> {
    return this.inner.remove(path, version, options);
  }
  stat(path: string, options?: CallOptions): Promise<Stat | undefined> {
    return this.inner.stat(path, options);
  }
  async commit(
    path: string,
    data: Uint8Array | AsyncIterable<Uint8Array>,
    lock: CommitLock,
    options?: CallOptions,
  ): Promise<CommitOutcome> {
    if (this.inner.commit) return await this.inner.commit(path, data, lock, options);
    throw new Error('this store has no commit');
  }
  async folderTimes(path: string, options?: ReadOptions): Promise<FolderTimes | undefined> {
    return await this.inner.folderTimes?.(path, options);
  }
  list(folder: string, options?: ListOptions): AsyncIterable<Entry> {
    return this.inner.list(folder, options);
  }
  write(path: string, data: Uint8Array | AsyncIterable<Uint8Array>, options?: CallOptions): Promise<void> {
    return this.inner.write(path, data, options);
  }
  move(from: string, to: string, options?: CallOptions): Promise<void> {
    return this.inner.move(from, to, options);
  }
  delete(path: string, options?: CallOptions): Promise<boolean> {
    return this.inner.delete(path, options);
  }
  readStream(path: string, options?: CallOptions): Readable {
    return this.inner.readStream(path, options);
  }
}
