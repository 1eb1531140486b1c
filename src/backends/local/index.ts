import { dirname, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';

import { PRIVATE_NAME_BYTES } from '../../vfs/names.js';
import { checkPath } from '../../vfs/path.js';
import { run, runSync, type Steps } from '../../util/steps.js';
import type {
  CallOptions,
  Capabilities,
  Entry,
  Leftovers,
  ListOptions,
  ReadOptions,
  Snapshot,
  Stat,
  SyncVfs,
  Version,
  Vfs,
  Written,
} from '../../vfs/vfs.js';
import { blockingCalls, pooledCalls, inlineCalls } from './syscalls.js';
import { syscallsFor, knownSyscallsFor, noteBlocking } from './disk.js';
import { posixError } from '../shared/plain/posix-errors.js';
import { LocalFiles } from './files.js';
import { nextTurn } from './pace.js';
import type * as LocalLeftovers from './leftovers.js';
import type * as LocalPlain from './data-files.js';
import { removeFile, replaceFile } from '../shared/plain/lock-files.js';
import { createFile, readFile } from './lock-files.js';
import { watchFile } from './watch.js';

export interface LocalVfsOptions {
  /** The folder that paths are relative to. Default: the root of the file system. */
  readonly root?: string;
  /** Default true. False: never try a hard link, as on file systems without them; then all who lock there must do so. */
  readonly hardLinks?: boolean;
}

/** More than any lock record has: what is larger is somebody's data, and goes through the thread pool. */
const PROMPT_BYTES = 128 * 1024;

/** PATH_MAX, less the NUL and the private names that a change makes beside a file. */
const LONGEST_PATH = 4095 - PRIVATE_NAME_BYTES;

type Work<T> = (files: LocalFiles, path: string) => Steps<T>;

type Plain = typeof LocalPlain;

/** What locks alone do not need is loaded when it is first used. */
function loadPlain(): Promise<Plain> {
  return import('./data-files.js');
}

function loadLeftovers(): Promise<typeof LocalLeftovers> {
  return import('./leftovers.js');
}

/** The disk of this machine, or whatever file system is mounted on it. */
export class LocalVfs implements Vfs {
  readonly scheme = 'file';
  readonly capabilities: Capabilities;
  readonly leftovers: Leftovers;
  readonly sync: SyncVfs;
  readonly #root: string;
  readonly #prefix: string;
  readonly #hardLinks: boolean;

  constructor({ root = '/', hardLinks = true }: LocalVfsOptions = {}) {
    this.#root = resolve(root);
    this.#prefix = this.#root.endsWith(sep) ? this.#root : this.#root + sep;
    this.#hardLinks = hardLinks;
    this.capabilities = {
      create: hardLinks ? 'atomic' : 'guarded',
      replace: 'guarded',
      remove: 'guarded',
      move: hardLinks ? 'atomic' : 'copy',
      clock: { source: 'store', resolutionMs: 10 },
      durable: true,
      poll: { minMs: 50, maxMs: 1000 },
    };
    this.leftovers = {
      list: (folder, options) => this.#leftovers(folder, options),
      clear: ({ path, modifiedMs }, options) =>
        this.#plain('clear', path, options, async (_plain, located) =>
          (await loadLeftovers()).clearLeftover(located, modifiedMs),
        ),
    };
    this.sync = {
      read: (path, options) => this.#now('read', path, reading(path, options)),
      create: (path, data) => this.#now('create', path, this.#creating(data)),
      replace: (path, version, data) => this.#now('replace', path, replacing(version, data)),
      remove: (path, version) => this.#now('remove', path, removing(version)),
    };
  }

  check(path: string): void {
    checkPath(path, { nameBytes: 255, pathBytes: LONGEST_PATH - Buffer.byteLength(this.#root) - 1 });
  }

  locate(path: string): string {
    return path === '' ? this.#root : this.#prefix + path;
  }

  read(path: string, options?: ReadOptions): Promise<Snapshot | undefined> {
    return this.#soon('read', path, options, reading(path, options), options?.maxBytes ?? Infinity);
  }

  create(path: string, data: Uint8Array, options?: CallOptions): Promise<Written | undefined> {
    return this.#soon('create', path, options, this.#creating(data), data.length);
  }

  replace(path: string, version: Version, data: Uint8Array, options?: CallOptions): Promise<Written | undefined> {
    return this.#soon('replace', path, options, replacing(version, data), data.length);
  }

  remove(path: string, version: Version, options?: CallOptions): Promise<boolean> {
    return this.#soon('remove', path, options, removing(version), 0);
  }

  stat(path: string, options?: CallOptions): Promise<Stat | undefined> {
    return this.#plain('stat', path, options, (plain, target) => plain.statFile(target));
  }

  async *list(folder: string, options: ListOptions = {}): AsyncGenerator<Entry> {
    if (folder !== '') this.check(folder);
    yield* (await loadPlain()).listFiles(this, folder, options);
  }

  write(path: string, data: Uint8Array | AsyncIterable<Uint8Array>, options?: CallOptions): Promise<void> {
    return this.#plain('write', path, options, (plain, target) => plain.writeFile(target, data, options?.signal));
  }

  async move(from: string, to: string, options?: CallOptions): Promise<void> {
    this.check(to);
    await this.#plain('move', from, options, (plain, source) =>
      plain.moveFile(source, this.locate(to), this.#hardLinks),
    );
  }

  delete(path: string, options?: CallOptions): Promise<boolean> {
    return this.#plain('delete', path, options, (plain, target) => plain.deleteFile(target));
  }

  readStream(path: string, options?: CallOptions): Readable {
    return Readable.from(this.#chunks(path, options?.signal), { objectMode: false });
  }

  watch(path: string, onChange: () => void): () => void {
    return watchFile(this.locate(path), onChange);
  }

  async *#leftovers(folder: string, options: ListOptions = {}): AsyncGenerator<Entry> {
    if (folder !== '') this.check(folder);
    yield* (await loadLeftovers()).listLeftovers(this, folder, options);
  }

  async *#chunks(path: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    this.check(path);
    try {
      yield* (await loadPlain()).readChunks(this.locate(path), signal);
    } catch (error) {
      throw posixError('read', this.locate(path), error, signal);
    }
  }

  #creating(data: Uint8Array): Work<Written | undefined> {
    return (files, path) => createFile(files, path, data, this.#hardLinks);
  }

  /** Without waiting for what a local disk does at once, and never blocking on one that may hang, or over much data. */
  async #soon<T>(
    verb: string,
    path: string,
    options: CallOptions | undefined,
    work: Work<T>,
    bytes: number,
  ): Promise<T> {
    this.check(path);
    const signal = options?.signal;
    const located = this.locate(path);
    const folder = dirname(located);
    try {
      signal?.throwIfAborted();
      const prompt = bytes <= PROMPT_BYTES;
      const calls = prompt ? (knownSyscallsFor(folder) ?? (await syscallsFor(folder))) : pooledCalls;
      if (calls !== inlineCalls) return await run(work(new LocalFiles(calls, folder, signal), located));
      for (let wait = nextTurn(); wait !== undefined; wait = nextTurn()) await wait;
      const startedMs = performance.now();
      const outcome = run(work(new LocalFiles(calls, folder, signal), located));
      noteBlocking(folder, performance.now() - startedMs);
      return await outcome;
    } catch (error) {
      throw posixError(verb, located, error, signal);
    }
  }

  #now<T>(verb: string, path: string, work: Work<T>): T {
    this.check(path);
    const located = this.locate(path);
    try {
      return runSync(work(new LocalFiles(blockingCalls, dirname(located)), located));
    } catch (error) {
      throw posixError(verb, located, error);
    }
  }

  async #plain<T>(
    verb: string,
    path: string,
    options: CallOptions | undefined,
    work: (plain: Plain, located: string) => Promise<T>,
  ): Promise<T> {
    this.check(path);
    try {
      options?.signal?.throwIfAborted();
      return await work(await loadPlain(), this.locate(path));
    } catch (error) {
      throw posixError(verb, this.locate(path), error, options?.signal);
    }
  }
}

/** The disk of this machine, or whatever file system is mounted on it. */
export function localVfs(options?: LocalVfsOptions): LocalVfs {
  return new LocalVfs(options);
}

function reading(path: string, { clock = false, maxBytes = Infinity }: ReadOptions = {}): Work<Snapshot | undefined> {
  return function* (files, located) {
    const found = yield* readFile(files, located, { clock, maxBytes });
    return found && { path, ...found };
  };
}

function replacing(version: Version, data: Uint8Array): Work<Written | undefined> {
  return (files, path) => replaceFile(files, path, version, data);
}

function removing(version: Version): Work<boolean> {
  return (files, path) => removeFile(files, path, version);
}
