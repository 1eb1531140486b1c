import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { moveRefusal } from '../shared/moves.js';
import { checkOptions } from '../../util/option-check.js';
import { wallMs } from '../../util/time.js';
import { checkPath } from '../../vfs/path.js';
import type { CommitLock, CommitOutcome } from '../../vfs/commit.js';
import type {
  CallOptions,
  Capabilities,
  Entry,
  FolderTimes,
  ListOptions,
  MoveOptions,
  ReadOptions,
  Snapshot,
  Stat,
  SyncVfs,
  Version,
  Vfs,
  Written,
} from '../../vfs/vfs.js';
import { posixError } from '../shared/plain/posix-errors.js';
import { MEM_VFS_OPTIONS, type MemVfsOptions, type MemVolume } from './options.js';
import { appending, creating, reading, removing, replacing, timingFolder, type Work } from './operations.js';
import {
  assertFile,
  bytesOf,
  contentOf,
  isFolder,
  isStill,
  loadMemfs,
  makeFolders,
  newVolume,
  put,
  statOf,
} from './volume.js';

export type { MemVfsOptions, MemVolume } from './options.js';

let volumes = 0;

/**
 * Files in the memory of this process. Each change happens within one tick of the event loop, so no other change can come between
 * its check and its act.
 */
export class MemVfs implements Vfs {
  readonly scheme = 'mem';
  readonly capabilities: Capabilities = {
    create: 'atomic',
    replace: 'atomic',
    remove: 'atomic',
    move: 'atomic',
    clock: { source: 'store', resolutionMs: 1 },
    durable: false,
    poll: { minMs: 5, maxMs: 100 },
  };
  readonly #now: () => number;
  readonly #authority: string;
  #volume: MemVolume | undefined;
  /** The operations without promises, for `lockSync` in tests. */
  readonly sync: SyncVfs;

  /** The authority distinguishes the locks of different volumes in one process; that of `mem:///` is empty. */
  constructor(options: MemVfsOptions = {}, authority = `volume-${String(++volumes)}`) {
    checkOptions('memVfs', options, MEM_VFS_OPTIONS);
    const { volume, now = wallMs } = options;
    this.#volume = volume;
    this.#now = now;
    this.#authority = authority;
    this.sync = {
      read: (path, options) => this.#doNow('read', path, reading(path, options?.maxBytes, now)),
      create: (path, data) => this.#doNow('create', path, creating(path, data, now)),
      replace: (path, version, data) => this.#doNow('replace', path, replacing(path, version, data, now)),
      remove: (path, version) => this.#doNow('remove', path, removing(path, version)),
      folderTimes: (path) => this.#doNow('read', path, timingFolder(path, now)),
      append: (path, data) => this.#doNow('append', path, appending(path, data, now)),
    };
  }

  check(path: string): void {
    checkPath(path, { nameBytes: 255, pathBytes: 4095 });
  }

  /** The `mem:` URI of a path. Only `mem:///` URIs can be opened again. */
  locate(path: string): string {
    return `mem://${this.#authority}/${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}`;
  }

  read(path: string, options: ReadOptions = {}): Promise<Snapshot | undefined> {
    return this.#do('read', path, options, reading(path, options.maxBytes, this.#now));
  }

  create(path: string, data: Uint8Array, options: CallOptions = {}): Promise<Written | undefined> {
    return this.#do('create', path, options, creating(path, data, this.#now));
  }

  replace(path: string, version: Version, data: Uint8Array, options: CallOptions = {}): Promise<Written | undefined> {
    return this.#do('replace', path, options, replacing(path, version, data, this.#now));
  }

  remove(path: string, version: Version, options: CallOptions = {}): Promise<boolean> {
    return this.#do('remove', path, options, removing(path, version));
  }

  stat(path: string, options: CallOptions = {}): Promise<Stat | undefined> {
    return this.#do('stat', path, options, (volume) => statOf(volume, path));
  }

  folderTimes(path: string, options: ReadOptions = {}): Promise<FolderTimes | undefined> {
    return this.#do('read', path, options, timingFolder(path, this.#now));
  }

  async *list(folder: string, options: ListOptions = {}): AsyncGenerator<Entry> {
    const names = await this.#do('list', folder, options, (volume) => volume.readdirSync(`/${folder}`), false);
    for (const name of names) {
      const path = folder === '' ? String(name) : `${folder}/${String(name)}`;
      const stat = await this.stat(path, options);
      if (stat !== undefined) yield { path, ...stat };
      else if (await this.#do('list', path, {}, (volume) => isFolder(volume, path))) {
        options.onFolder?.(path);
        if (options.recursive) yield* this.list(path, options);
      }
    }
  }

  async write(path: string, data: Uint8Array | AsyncIterable<Uint8Array>, options: CallOptions = {}): Promise<void> {
    this.check(path);
    const whole = data instanceof Uint8Array ? data : await this.#readAll(path, data, options);
    await this.#do('write', path, options, (volume) => {
      makeFolders(volume, path);
      put(volume, path, whole, this.#now());
    });
  }

  async commit(
    path: string,
    data: Uint8Array | AsyncIterable<Uint8Array>,
    { path: lock, isOurs }: CommitLock,
    options: CallOptions = {},
  ): Promise<CommitOutcome> {
    this.check(path);
    const whole = data instanceof Uint8Array ? data : await this.#readAll(path, data, options);
    return this.#do('commit', path, options, (volume) => {
      const held = contentOf(volume, lock);
      if (held === undefined || !isOurs(held.data)) return { isCommitted: false };
      makeFolders(volume, path);
      put(volume, path, whole, this.#now());
      return { isCommitted: true };
    });
  }

  append(path: string, data: Uint8Array, options: CallOptions = {}): Promise<void> {
    return this.#do('append', path, options, appending(path, data, this.#now));
  }

  async move(from: string, to: string, options: MoveOptions = {}): Promise<void> {
    this.check(to);
    await this.#do('move', from, options, (volume) => {
      const ends = [this.locate(from), this.locate(to)] as const;
      if (volume.existsSync(`/${to}`)) throw moveRefusal('ERR_VFS_EXISTS', ...ends);
      if (!volume.existsSync(`/${from}`)) throw moveRefusal('ERR_VFS_NOT_FOUND', ...ends);
      assertFile(volume, from);
      if (!isStill(volume, from, options.ifUnchanged)) throw moveRefusal('ERR_VFS_CHANGED', ...ends);
      makeFolders(volume, to);
      volume.renameSync(`/${from}`, `/${to}`);
    });
  }

  delete(path: string, options: CallOptions = {}): Promise<boolean> {
    return this.#do('delete', path, options, (volume) => {
      if (!volume.existsSync(`/${path}`)) return false;
      assertFile(volume, path);
      volume.unlinkSync(`/${path}`);
      return true;
    });
  }

  removeFolder(path: string, options: CallOptions = {}): Promise<boolean> {
    return this.#do('delete', path, options, (volume) => {
      if (!volume.existsSync(`/${path}`) || volume.readdirSync(`/${path}`).length > 0) return false;
      volume.rmdirSync(`/${path}`);
      return true;
    });
  }

  readStream(path: string, options: CallOptions = {}): Readable {
    const read = this.#do('read', path, options, (volume) => bytesOf(volume.readFileSync(`/${path}`)));
    return Readable.from(chunksOf(read), { objectMode: false });
  }

  async #readAll(path: string, data: AsyncIterable<Uint8Array>, { signal }: CallOptions): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    // Not a function: after an abort the pipeline would wait until the source ends by itself.
    const keep = new Writable({
      write: (chunk: Uint8Array, _encoding, done) => {
        chunks.push(chunk);
        done();
      },
    });
    try {
      await pipeline(data, keep, { signal });
      return Buffer.concat(chunks);
    } catch (error) {
      throw posixError('write', this.locate(path), error, signal);
    }
  }

  async #do<T>(verb: string, path: string, options: CallOptions, work: Work<T>, isFile = true): Promise<T> {
    if (isFile || path !== '') this.check(path);
    try {
      await (this.#volume ?? loadMemfs());
      options.signal?.throwIfAborted();
      return work((this.#volume ??= newVolume()));
    } catch (error) {
      throw posixError(verb, this.locate(path), error, options.signal);
    }
  }

  #doNow<T>(verb: string, path: string, work: Work<T>): T {
    this.check(path);
    try {
      return work((this.#volume ??= newVolume()));
    } catch (error) {
      throw posixError(verb, this.locate(path), error);
    }
  }
}

/**
 * A store of files in the memory of this process: for tests, and for code that already runs on memfs.
 *
 * @example
 * ```ts
 * const vfs = memVfs();
 * await withLock(new VfsFile(vfs, 'data.csv'), async (file) => {
 *   await file.write('id,name');
 * });
 * ```
 */
export function memVfs(options?: MemVfsOptions): MemVfs {
  return new MemVfs(options);
}

async function* chunksOf(data: Promise<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield await data;
}
