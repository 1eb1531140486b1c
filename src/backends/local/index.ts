import { dirname, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';

import { durationMs } from '../../util/duration.js';
import { remembering } from '../../util/remembering.js';
import { checkOptions } from '../../util/option-check.js';
import { PRIVATE_NAME_BYTES } from '../../vfs/names.js';
import { checkPath } from '../../vfs/path.js';
import type { Eventual } from '../../util/steps.js';
import type { CommitLock, CommitOutcome } from '../../vfs/commit.js';
import type {
  CallOptions,
  Capabilities,
  Entry,
  FolderTimes,
  HolderFolderOptions,
  Leftovers,
  ListOptions,
  MoveOptions,
  ReadOptions,
  Snapshot,
  Stat,
  SyncVfs,
  Version,
  Vfs,
  WriteOptions,
  Written,
} from '../../vfs/vfs.js';
import { posixError } from '../shared/plain/posix-errors.js';
import { appendFile } from './append.js';
import type * as DataFiles from './data-files.js';
import type * as LeftoverFiles from './leftovers.js';
import { creating, makingHolderFolder, reading, readingFolder, removing, replacing, syncCalls } from './lock-calls.js';
import { holderFolderIn } from './lock-files.js';
import type * as Move from './move.js';
import { LocalLine, mayHaveLine } from './line.js';
import { LOCAL_VFS_OPTIONS, type LocalVfsOptions } from './options.js';
import { realPathBelow } from './real-path.js';
import { eachOfData, runOnData, runOnLock, type Call, type LockWork, type Place } from './runner.js';
import { watchFile } from './watch.js';

export type { LocalVfsOptions } from './options.js';

/** PATH_MAX, less the NUL and the private names that a change makes beside a file. */
const LONGEST_PATH = 4095 - PRIVATE_NAME_BYTES;

/** Code that locks alone do not need is loaded on first use. */
function loadDataFiles(): Promise<typeof DataFiles> {
  return import('./data-files.js');
}

function loadMove(): Promise<typeof Move> {
  return import('./move.js');
}

function loadLeftovers(): Promise<typeof LeftoverFiles> {
  return import('./leftovers.js');
}

/**
 * The disk of this machine, or whatever file system is mounted on it.
 *
 * A call that fails throws a `VfsError` whose message names the verb, the path and the code of the system: `ERR_VFS_DENIED`,
 * `ERR_VFS_NOT_FOUND` (its folder), `ERR_VFS_NOT_A_FILE`, `ERR_VFS_FULL`, `ERR_VFS_ABORTED`, `ERR_VFS_TIMEOUT` (the disk hangs), or
 * `ERR_VFS_IO` for any other code.
 */
export class LocalVfs implements Vfs {
  readonly scheme = 'file';
  readonly capabilities: Capabilities;
  /** Where changes leave private names when they are broken off, and how to remove them. */
  readonly leftovers: Leftovers;
  /** The operations of a lock, blocking: each is done when it returns. */
  readonly sync: SyncVfs;
  readonly #root: string;
  readonly #prefix: string;
  readonly #hardLinks: boolean;
  readonly #limitMs: number;
  /** Where a path is on this machine. Throws where no file can have it. */
  readonly #placeOf: (path: string) => Place;

  /** Resolves `root` against the working directory. It makes no I/O. */
  constructor(options: LocalVfsOptions = {}) {
    checkOptions('localVfs', options, LOCAL_VFS_OPTIONS);
    const { root = '/', hardLinks = true, timeout = '10s' } = options;
    this.#root = resolve(root);
    this.#prefix = this.#root.endsWith(sep) ? this.#root : this.#root + sep;
    this.#hardLinks = hardLinks;
    this.#limitMs = durationMs(timeout, 'timeout', {});
    this.#placeOf = remembering((path) => this.#findPlace(path));
    this.capabilities = {
      create: hardLinks ? 'atomic' : 'guarded',
      replace: 'guarded',
      remove: 'guarded',
      move: hardLinks ? 'atomic' : 'copy',
      clock: { source: 'store', resolutionMs: 10, except: 'each client stamps its own files' },
      durable: true,
      poll: { minMs: 50, maxMs: 1000 },
    };
    this.leftovers = {
      list: (folder, options) => this.#listLeftovers(folder, options),
      clear: ({ path, modifiedMs }, options) =>
        this.#onData('clear', path, options, async (located) =>
          (await loadLeftovers()).clearLeftover(located, modifiedMs),
        ),
    };
    this.sync = syncCalls(this.#placeOf, (verb, path) => this.#call(verb, path), hardLinks);
  }

  check(path: string): void {
    this.#placeOf(path);
  }

  /** The absolute path on this machine. */
  locate(path: string): string {
    return path === '' ? this.#root : this.#prefix + path;
  }

  /** The path of the same file without symbolic links in its folder. */
  realPath(path: string): string {
    this.check(path);
    const located = this.locate(path);
    try {
      return realPathBelow(this.#root, located);
    } catch (error) {
      throw posixError('resolve', located, error);
    }
  }

  async read(path: string, options?: ReadOptions): Promise<Snapshot | undefined> {
    return this.#onLock('read', path, options, options?.maxBytes ?? Infinity, reading(path, options));
  }

  async create(path: string, data: Uint8Array, options?: WriteOptions): Promise<Written | undefined> {
    return this.#onLock('create', path, options, data.length, creating(data, options, this.#hardLinks));
  }

  async replace(
    path: string,
    version: Version,
    data: Uint8Array,
    options?: WriteOptions,
  ): Promise<Written | undefined> {
    return this.#onLock('replace', path, options, data.length, replacing(version, data, options));
  }

  async remove(path: string, version: Version, options?: CallOptions): Promise<boolean> {
    return this.#onLock('remove', path, options, 0, removing(version));
  }

  /** Undefined where calls are not made by this machine itself: see `allowsHolderFolder`. */
  holderFolder(path: string, options?: HolderFolderOptions): Eventual<string | undefined> {
    return (
      holderFolderIn(this.#placeOf(path).folder) ?? this.#onLock('lock', path, options, 0, makingHolderFolder(options))
    );
  }

  stat(path: string, options?: CallOptions): Promise<Stat | undefined> {
    return this.#onData('stat', path, options, async (located) => (await loadDataFiles()).statFile(located), true);
  }

  async folderTimes(path: string, options?: ReadOptions): Promise<FolderTimes | undefined> {
    return this.#onLock('read', path, options, 0, readingFolder(options));
  }

  async *list(folder: string, options: ListOptions = {}): AsyncGenerator<Entry> {
    if (folder !== '') this.check(folder);
    const { listFiles } = await loadDataFiles();
    yield* this.#each('list', folder, options, () => listFiles(this, folder, options));
  }

  write(path: string, data: Uint8Array | AsyncIterable<Uint8Array>, options?: CallOptions): Promise<void> {
    return this.#onData('write', path, options, async (located) =>
      (await loadDataFiles()).writeFile(located, data, options?.signal),
    );
  }

  async commit(
    path: string,
    data: Uint8Array | AsyncIterable<Uint8Array>,
    lock: CommitLock,
    options?: CallOptions,
  ): Promise<CommitOutcome> {
    const { commitFile } = await import('./commit.js');
    return commitFile(this.#call('commit', path, options), data, lock);
  }

  append(path: string, data: Uint8Array, options?: CallOptions): Promise<void> {
    return this.#onData('append', path, options, (located) => appendFile(located, data), true);
  }

  async move(from: string, to: string, { signal, ifUnchanged }: MoveOptions = {}): Promise<void> {
    this.check(to);
    const target = this.locate(to);
    await runOnData({ ...this.#call('move', from, { signal }), target }, async (located) =>
      (await loadMove()).moveFile(located, target, { hardLinks: this.#hardLinks, ifUnchanged }),
    );
  }

  delete(path: string, options?: CallOptions): Promise<boolean> {
    return this.#onData('delete', path, options, async (located) => (await loadDataFiles()).deleteFile(located), true);
  }

  removeFolder(path: string, options?: CallOptions): Promise<boolean> {
    return this.#onData(
      'delete',
      path,
      options,
      async (located) => (await loadDataFiles()).removeFolder(located),
      true,
    );
  }

  readStream(path: string, options?: CallOptions): Readable {
    return Readable.from(this.#chunks(path, options?.signal), { objectMode: false });
  }

  /** Calls `onChange` through the watcher of the system. Where the system cannot watch, it is never called. */
  watch(path: string, onChange: () => void): (() => void) | undefined {
    return watchFile(this.locate(path), onChange);
  }

  /** Undefined where others may write to the folder, and on disks that are not this machine's own. */
  line(path: string): LocalLine | undefined {
    const { located, folder } = this.#placeOf(path);
    return mayHaveLine(folder) ? new LocalLine(located) : undefined;
  }

  async *#listLeftovers(folder: string, options: ListOptions = {}): AsyncGenerator<Entry> {
    if (folder !== '') this.check(folder);
    const { listLeftovers } = await loadLeftovers();
    yield* this.#each('list', folder, options, () => listLeftovers(this, folder, options));
  }

  async *#chunks(path: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    this.check(path);
    const { readChunks } = await loadDataFiles();
    yield* this.#each('read', path, { signal }, () => readChunks(this.locate(path), signal));
  }

  #each<T>(
    verb: 'read' | 'list',
    path: string,
    options: CallOptions,
    work: () => AsyncGenerator<T>,
  ): AsyncGenerator<T> {
    const located = this.locate(path);
    const folder = verb === 'list' ? located : dirname(located);
    return eachOfData(this.#call(verb, path, options), { located, folder }, work);
  }

  #findPlace(path: string): Place {
    checkPath(path, { nameBytes: 255, pathBytes: LONGEST_PATH - Buffer.byteLength(this.#root) - 1 });
    const located = this.locate(path);
    return { located, folder: dirname(located) };
  }

  #call(verb: string, path: string, options?: CallOptions): Call {
    return { placeOf: this.#placeOf, verb, path, signal: options?.signal, limitMs: this.#limitMs };
  }

  #onLock<T>(
    verb: string,
    path: string,
    options: CallOptions | undefined,
    bytes: number,
    work: LockWork<T>,
  ): Eventual<T> {
    return runOnLock(this.#call(verb, path, options), bytes, work);
  }

  #onData<T>(
    verb: string,
    path: string,
    options: CallOptions | undefined,
    work: (located: string) => Promise<T>,
    isShort = false,
  ): Promise<T> {
    return runOnData(this.#call(verb, path, options), work, isShort);
  }
}

/**
 * A store of the files on the disk of this machine.
 *
 * @example
 * ```ts
 * const inbox = localVfs({ root: '/srv/inbox' });
 * await withLock(new VfsFile(inbox, 'data.csv'), async (file) => {
 *   await file.read();
 * });
 * ```
 */
export function localVfs(options?: LocalVfsOptions): LocalVfs {
  return new LocalVfs(options);
}
