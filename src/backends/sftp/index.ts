import { Readable } from 'node:stream';

import { freshId } from '../../util/fresh-id.js';
import { run, type Eventual } from '../../util/steps.js';
import { VfsError } from '../../vfs/errors.js';
import { isPrivateName, isStagedName, stagedPath } from '../../vfs/names.js';
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
  Version,
  Vfs,
  WriteOptions,
  Written,
} from '../../vfs/vfs.js';
import { clientId } from '../shared/client-id.js';
import { replaceLock } from '../shared/plain/own-locks.js';
import { commitFile } from './commit.js';
import {
  appendFile,
  deleteFile,
  entryOfFile,
  folderTimesOf,
  makeFolders,
  removeFolder,
  statFile,
  writeFile,
} from './data-files.js';
import { SftpFiles } from './files.js';
import { clearLeftover, leftoverOf } from './leftovers.js';
import { createLock, readFile, removeLock } from './lock-files.js';
import { SftpMover } from './move.js';
import type { SftpVfsOptions } from './options.js';
import { UNPROBED } from './probe.js';
import { SftpRunner } from './runner.js';

export type { KeyboardPrompt, SftpVfsOptions } from './options.js';

/**
 * Files on an SFTP server. All calls share one connection, which is made on first use and restored when it is lost.
 *
 * A call that fails throws a `VfsError` whose message names the verb, the URI and the server's answer: `ERR_VFS_DENIED` (login or
 * permission), `ERR_VFS_HOST_KEY`, `ERR_VFS_IO` (no connection or no answer), `ERR_VFS_UNSUPPORTED` (the server cannot
 * exclude anybody), `ERR_VFS_FULL`, `ERR_VFS_ABORTED`.
 */
export class SftpVfs implements Vfs {
  readonly scheme = 'sftp';
  /** Only with a borrowed `client`, which may lead to another server of the same name. */
  readonly storeId?: string;
  /** Where changes leave private names when they are broken off, and how to remove them. */
  readonly leftovers: Leftovers;
  readonly #runner: SftpRunner;

  /**
   * Checks the options. It does not connect.
   *
   * @throws VfsError `ERR_VFS_URI` for a missing host or user name, a port out of range, or a relative `root`.
   */
  constructor(options: SftpVfsOptions) {
    const runner = new SftpRunner(options);
    this.#runner = runner;
    if (options.client) this.storeId = clientId(options.client);
    this.leftovers = {
      list: (folder, options = {}) =>
        runner.walk(folder, options, (session) => ({
          visit: (path, found) => leftoverOf(session, runner.onServer(path), path, found),
          enters: (name) => (options.recursive ?? false) && !isPrivateName(name),
        })),
      clear: ({ path, modifiedMs }, options) =>
        runner.change('clear', path, options, ({ session }, located) => clearLeftover(session, located, modifiedMs)),
    };
  }

  /** Before the first change, what most servers can do; afterwards, what this one was seen to do. */
  get capabilities(): Capabilities {
    const { hardLinks } = this.#runner;
    return {
      create: hardLinks ? 'atomic' : 'guarded',
      replace: 'guarded',
      remove: 'guarded',
      move: hardLinks ? 'atomic' : 'copy',
      // Whole seconds, of a system clock that steps some milliseconds at a time.
      clock: { source: 'store', resolutionMs: 1010 },
      durable: true,
      poll: { minMs: 200, maxMs: 3000 },
    };
  }

  check(path: string): void {
    this.#runner.check(path);
  }

  /** The `sftp:` URI of a path. */
  locate(path: string): string {
    return this.#runner.locate(path);
  }

  /**
   * Connects, and probes in a folder what the server can do. Without this call both happen at the first change.
   *
   * @throws VfsError `ERR_VFS_UNSUPPORTED` when the server cannot exclude anybody; the message says what it lacks.
   */
  async connect(folder = ''): Promise<Capabilities> {
    await this.#runner.connect(folder);
    return this.capabilities;
  }

  /** Closes the connection, unless it belongs to a borrowed `client`. The next call opens a new one. */
  close(): void {
    this.#runner.close();
  }

  /** Always throws `ERR_VFS_UNSUPPORTED`. */
  realPath(path: string): never {
    throw new VfsError(
      'ERR_VFS_UNSUPPORTED',
      `cannot resolve ${this.locate(path)}: links on an SFTP server are not resolved`,
    );
  }

  read(path: string, { clock = false, maxBytes = Infinity, signal }: ReadOptions = {}): Promise<Snapshot | undefined> {
    return this.#runner.read('read', path, { signal }, async (live, located) => {
      const files = new SftpFiles(live.session, UNPROBED, located, signal);
      try {
        const snapshot = await run(readFile(files, located, { clock, maxBytes }));
        return snapshot && { path, ...snapshot };
      } finally {
        live.leaving(files.staged);
      }
    });
  }

  create(path: string, data: Uint8Array, options?: WriteOptions): Promise<Written | undefined> {
    const record = { data, via: options?.via };
    return this.#runner.swap('create', path, options, (change, located) => createLock(change, located, record));
  }

  replace(path: string, version: Version, data: Uint8Array, options?: WriteOptions): Promise<Written | undefined> {
    const record = { data, via: options?.via };
    return this.#runner.swap('replace', path, options, (change, located) =>
      replaceLock(change, located, version, record, change.party),
    );
  }

  remove(path: string, version: Version, options?: CallOptions): Promise<boolean> {
    return this.#runner.swap('remove', path, options, (change, located) => removeLock(change, located, version));
  }

  /** Undefined where the server, or the disk behind it, does not keep what a holder's folder rests on. */
  holderFolder(path: string, options?: HolderFolderOptions): Eventual<string | undefined> {
    return this.#runner.holderFolder(path, options);
  }

  wasSeen(path: string): boolean {
    return this.#runner.wasSeen(path);
  }

  stat(path: string, options?: CallOptions): Promise<Stat | undefined> {
    return this.#runner.read('stat', path, options, ({ session }, located) => statFile(session, located));
  }

  /** Without the server's time, so that a reader has to watch the folder. */
  folderTimes(path: string, options?: CallOptions): Promise<FolderTimes | undefined> {
    return this.#runner.read('read', path, options, ({ session }, located) => folderTimesOf(session, located));
  }

  list(folder: string, options: ListOptions = {}): AsyncGenerator<Entry> {
    const enters = (name: string): boolean => (options.recursive ?? false) && !isStagedName(name);
    return this.#runner.walk(folder, options, () => ({ visit: entryOfFile, enters }));
  }

  write(path: string, data: Uint8Array | AsyncIterable<Uint8Array>, options?: CallOptions): Promise<void> {
    return this.#runner.change('write', path, options, async (live, located) => {
      await makeFolders(live.session, this.#runner.root, located);
      const abilities = await this.#runner.abilities(live, located);
      const staged = stagedPath(located, freshId());
      try {
        await writeFile(live.session, abilities, { staged, path: located }, data, options?.signal);
      } finally {
        live.leaving([{ path: staged }]);
      }
    });
  }

  commit(
    path: string,
    data: Uint8Array | AsyncIterable<Uint8Array>,
    lock: CommitLock,
    options?: CallOptions,
  ): Promise<CommitOutcome> {
    return this.#runner.change('commit', path, options, (live, located) =>
      commitFile(this.#runner, live, { target: located, lock, data, signal: options?.signal }),
    );
  }

  append(path: string, data: Uint8Array, options?: CallOptions): Promise<void> {
    return this.#runner.change('append', path, options, async ({ session }, located) => {
      await makeFolders(session, this.#runner.root, located);
      await appendFile(session, located, data);
    });
  }

  async move(from: string, to: string, { signal, ifUnchanged }: MoveOptions = {}): Promise<void> {
    this.check(to);
    await this.#runner.change('move', from, { signal, to }, async (live, located) => {
      const target = this.#runner.onServer(to);
      await makeFolders(live.session, this.#runner.root, target);
      const abilities = await this.#runner.abilities(live, target);
      const files = new SftpFiles(live.session, abilities, target);
      const ends = { from: located, to: target, shownFrom: this.locate(from), shownTo: this.locate(to) };
      await new SftpMover(live.session, abilities, files, { ...ends, ifUnchanged }).move();
    });
  }

  delete(path: string, options?: CallOptions): Promise<boolean> {
    return this.#runner.change('delete', path, options, ({ session }, located) => deleteFile(session, located));
  }

  removeFolder(path: string, options?: CallOptions): Promise<boolean> {
    return this.#runner.change('delete', path, options, ({ session }, located) => removeFolder(session, located));
  }

  readStream(path: string, { signal }: CallOptions = {}): Readable {
    this.check(path);
    return Readable.from(this.#runner.pieces(path, signal), { objectMode: false });
  }
}

/**
 * A store of the files on an SFTP server. Needs the package `ssh2-sftp-client`. It does not connect before its first call.
 *
 * @throws VfsError `ERR_VFS_URI` for a missing host or user name, a port out of range, or a relative `root`.
 * @example
 * ```ts
 * const vfs = sftpVfs({ host: 'sftp.example.com', username: 'worker', agent: process.env.SSH_AUTH_SOCK });
 * await withLock(new VfsFile(vfs, 'inbox/data.csv'), async (file) => {
 *   await file.read();
 * });
 * vfs.close();
 * ```
 */
export function sftpVfs(options: SftpVfsOptions): SftpVfs {
  return new SftpVfs(options);
}
