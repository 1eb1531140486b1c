import { constants, type Stats } from 'node:fs';

import { contentVersion } from '../shared/content-version.js';
import { ask, type Steps } from '../../util/steps.js';
import type { Version } from '../../vfs/vfs.js';
import type { FoundFile, LeftoverFiles } from '../shared/plain/leftovers.js';
import { hasOneClock } from './disk.js';
import type { Syscalls } from './syscalls.js';
import { fileMode, type LockFiles } from '../shared/plain/lock-files.js';
import { ABSENT, codeOf, LINKLESS, notAFile } from '../shared/plain/posix-errors.js';

/** A file's content as one open saw it. */
export interface FileImage {
  readonly data: Uint8Array;
  readonly version: Version;
  readonly modifiedMs: number;
}

/** A swap on a local disk takes well under a millisecond. */
const PATIENCE_MS = 100;

/** The version of a file up to this size is a hash of its content; a larger one has inode, size and modification time. */
const HASHED_BYTES = 1_048_576;

/** Longer than most lock records, and short enough for a buffer from Node's pool. */
const SHORT_BYTES = 4095;

// A link in the place of a lock must not be followed, and a FIFO must not block. Windows has neither flag: undefined | 0 is 0.
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const NEW_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

/** The file operations of one change in one folder, for the guarded swap and for the staged file of a creation. */
export class LocalFiles implements LockFiles, LeftoverFiles {
  readonly patienceMs = PATIENCE_MS;
  readonly #calls: Syscalls;
  readonly #folder: string;
  readonly #signal: AbortSignal | undefined;
  #folderStats: Stats | undefined;
  #written: () => Version = nothingWritten;

  constructor(calls: Syscalls, folder: string, signal?: AbortSignal) {
    this.#calls = calls;
    this.#folder = folder;
    this.#signal = signal;
  }

  get written(): Version {
    return this.#written();
  }

  /** The version alone, which for a file as short as a record needs only its bytes. */
  *read(path: string): Steps<Pick<FileImage, 'version'> | undefined> {
    const fd = yield* this.#openToRead(path);
    if (fd === undefined) return undefined;
    const bytes = yield* this.#readShort(fd);
    return bytes ? { version: contentVersion(bytes) } : yield* this.readWhole(path, 0);
  }

  *readWhole(path: string, maxBytes: number): Steps<FileImage | undefined> {
    const fd = yield* this.#openToRead(path);
    if (fd === undefined) return undefined;
    try {
      const stats = yield* ask(this.#calls.fstat(fd));
      if (!stats.isFile()) throw notAFile(stats.isDirectory() ? 'a directory' : 'not a regular file');
      const hashed = isHashed(stats.size);
      const data = yield* this.#fill(fd, hashed ? stats.size : Math.min(stats.size, maxBytes));
      const version = hashed ? contentVersion(data) : statVersion(stats);
      return { data: data.subarray(0, maxBytes), version, modifiedMs: stats.mtimeMs };
    } finally {
      yield* ask(this.#calls.close(fd));
    }
  }

  /** Writes a new file. */
  *write(path: string, data: Uint8Array): Steps<void> {
    const folder = yield* this.#statFolder();
    const mode = fileMode(folder.mode);
    const fd = yield* ask(this.#calls.open(path, NEW_FLAGS, mode));
    try {
      for (let done = 0; done < data.length;) done += yield* ask(this.#calls.write(fd, data.subarray(done)));
      this.#written = () => contentVersion(data);
      if (isPrivate(folder) && isHashed(data.length)) return;
      const stats = yield* ask(this.#calls.fstat(fd));
      if ((mode & 0o044) === 0o040) yield* this.#giveToGroup(path, stats, folder);
      if ((stats.mode & 0o777) !== mode) yield* ask(this.#calls.fchmod(fd, mode));
      if (!isHashed(stats.size)) this.#written = () => statVersion(stats);
    } finally {
      yield* ask(this.#calls.close(fd));
    }
  }

  /** Whether time stamps in this folder come from one clock. */
  *hasOneClock(): Steps<boolean> {
    return hasOneClock(yield* ask(this.#calls.diskType(this.#folder)));
  }

  /** Makes an empty file and returns its modification time: the current time by the clock of its disk. */
  *stamp(path: string): Steps<number> {
    const fd = yield* ask(this.#calls.open(path, NEW_FLAGS, 0o600));
    try {
      return (yield* ask(this.#calls.fstat(fd))).mtimeMs;
    } finally {
      yield* ask(this.#calls.close(fd));
    }
  }

  /** Whoever may write to the folder must also be able to evict what is staged in it: same permission bits, same group. */
  *makeStage(stage: string): Steps<void> {
    const folder = yield* this.#statFolder();
    yield* ask(this.#calls.mkdir(stage, folder.mode & 0o777));
    if (!isPrivate(folder)) yield* this.#share(stage, yield* ask(this.#calls.stat(stage)), folder);
  }

  /** A link to the directory in which it stands: moving a file through it needs no directory of its own. */
  *makeDoor(stage: string, entry: string): Steps<void> {
    const door = `${stage}/${entry}`;
    try {
      yield* ask(this.#calls.symlink('.', door));
    } catch (error) {
      if (!LINKLESS.includes(codeOf(error))) throw error;
      const folder = yield* this.#statFolder();
      yield* ask(this.#calls.mkdir(door, folder.mode & 0o777));
      yield* this.#share(door, yield* ask(this.#calls.stat(door)), folder);
    }
  }

  *rename(from: string, to: string): Steps<void> {
    yield* ask(this.#calls.rename(from, to));
  }

  *link(from: string, to: string): Steps<void> {
    yield* ask(this.#calls.link(from, to));
  }

  *unlink(path: string): Steps<void> {
    yield* ask(this.#calls.unlink(path));
  }

  *rmdir(path: string): Steps<void> {
    yield* ask(this.#calls.rmdir(path));
  }

  *names(path: string): Steps<readonly string[] | undefined> {
    try {
      return yield* ask(this.#calls.readdir(path));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  *lstat(path: string): Steps<FoundFile | undefined> {
    try {
      const stats = yield* ask(this.#calls.lstat(path));
      return { isFolder: stats.isDirectory(), size: stats.size, modifiedMs: stats.mtimeMs };
    } catch (error) {
      if (ABSENT.includes(codeOf(error))) return undefined;
      throw error;
    }
  }

  *pause(ms: number): Steps<void> {
    yield* ask(this.#calls.pause(ms, this.#signal));
  }

  now(): number {
    return performance.now();
  }

  *#openToRead(path: string): Steps<number | undefined> {
    try {
      return yield* ask(this.#calls.open(path, READ_FLAGS));
    } catch (error) {
      if (ABSENT.includes(codeOf(error))) return undefined;
      if (codeOf(error) === 'ELOOP') throw notAFile('a symbolic link', error);
      throw error;
    }
  }

  /** Undefined: empty, long, or no file at all. */
  *#readShort(fd: number): Steps<Uint8Array | undefined> {
    const buffer = Buffer.allocUnsafe(SHORT_BYTES);
    try {
      const filled = yield* ask(this.#calls.read(fd, buffer));
      return filled > 0 && filled < SHORT_BYTES ? buffer.subarray(0, filled) : undefined;
    } catch {
      return undefined;
    } finally {
      yield* ask(this.#calls.close(fd));
    }
  }

  *#fill(fd: number, size: number): Steps<Uint8Array> {
    const buffer = Buffer.allocUnsafe(size);
    let filled = 0;
    while (filled < size) {
      const bytes = yield* ask(this.#calls.read(fd, buffer.subarray(filled)));
      if (bytes === 0) break;
      filled += bytes;
    }
    return buffer.subarray(0, filled);
  }

  *#share(path: string, made: Stats, folder: Stats): Steps<void> {
    yield* this.#giveToGroup(path, made, folder);
    if (((made.mode ^ folder.mode) & 0o777) !== 0) yield* ask(this.#calls.chmod(path, folder.mode & 0o777));
  }

  *#giveToGroup(path: string, made: Stats, folder: Stats): Steps<void> {
    if (made.gid === folder.gid) return;
    try {
      yield* ask(this.#calls.chown(path, made.uid, folder.gid));
    } catch (error) {
      // This user is not a member of that group: its members get only what the permission bits grant to others.
      if (codeOf(error) !== 'EPERM') throw error;
    }
  }

  *#statFolder(): Steps<Stats> {
    return (this.#folderStats ??= yield* ask(this.#calls.stat(this.#folder)));
  }
}

/** Whether only this user, or root, may write to a folder: then nobody else needs access to what is staged in it. */
function isPrivate({ mode, uid }: Stats): boolean {
  return (mode & 0o022) === 0 && uid === process.geteuid?.();
}

function isHashed(size: number): boolean {
  return size <= HASHED_BYTES;
}

function nothingWritten(): never {
  throw new Error('nothing was written');
}

function statVersion(stats: Stats): Version {
  return `${String(stats.ino)}-${String(stats.size)}-${String(stats.mtimeMs)}` as Version;
}
