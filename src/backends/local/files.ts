import { performance } from 'node:perf_hooks';
import { constants, type Stats } from 'node:fs';

import { recordVersion } from '../shared/content-version.js';
import { ask, later, type Steps } from '../../util/steps.js';
import { isTakenName, stagedPath } from '../../vfs/names.js';
import { nameOf } from '../../vfs/path.js';
import type { Version } from '../../vfs/vfs.js';
import { freshId } from '../../util/fresh-id.js';
import type { FoundFile, LeftoverFiles } from '../shared/plain/leftovers.js';
import type { ClockSample } from './clock-sample.js';
import { hasOneClock, isOnOwnDisk, isRemote } from './disk.js';
import { isHashed, readOnce, readVersion, stampOf, statVersion, type FileImage } from './image.js';
import { linkDenied } from './link-denied.js';
import { readAgain } from './read-again.js';
import type { Syscalls } from './syscalls.js';
import { fileMode, type LockFiles } from '../shared/plain/lock-files.js';
import type { CommitFiles } from '../shared/plain/commit.js';
import type { HolderFiles } from '../shared/plain/holder-folder.js';
import {
  forgetPrivateFolder,
  insideFolder,
  isPrivate,
  makePrivateFolder,
  tolerated,
  type Surroundings,
} from './private-folder.js';
import { ABSENT, codeOf } from '../shared/plain/posix-errors.js';

/** A swap on a local disk takes well under a millisecond. */
const PATIENCE_MS = 100;

/** How often a file is read that was another one as soon as it was read. */
const MOST_READS = 100;

/** No lock record is longer. A longer file is read once, however often others append to it meanwhile. */
const RECORD_BYTES = 65_536;

// A link in its place must not be followed, and a FIFO must not block. Without O_TRUNC: an empty file would be one more thing that a reader may find.
const OVER_FLAGS = constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const NEW_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

interface Known {
  surroundings?: Surroundings | undefined;
  readonly clock?: ClockSample;
}

/** The file operations of one change in one folder, for the guarded swap and for the staged file of a creation. */
export class LocalFiles implements LockFiles, HolderFiles, LeftoverFiles, CommitFiles {
  readonly patienceMs = PATIENCE_MS;
  readonly #calls: Syscalls;
  readonly #folder: string;
  readonly #signal: AbortSignal | undefined;
  readonly #known: Known;
  /** The stamp of the file that was written last. */
  writtenStamp = '';
  #written: () => Version = nothingWritten;

  /** `known`: where to keep what is known of the folder beyond this change. */
  constructor(calls: Syscalls, folder: string, signal?: AbortSignal, known: Known = {}) {
    this.#calls = calls;
    this.#folder = folder;
    this.#signal = signal;
    this.#known = known;
  }

  get written(): Version {
    return this.#written();
  }

  read(path: string): Steps<Pick<FileImage, 'version'> | undefined> {
    return this.#again(() => readVersion(this.#calls, path));
  }

  /**
   * The file as it stood there at some moment of this call. What was opened there may be away by now, and may have been written over
   * for a later record: see `Spare`. Nobody reads so slowly and so often that a lock changes hands each time.
   */
  *readWhole(path: string, maxBytes: number): Steps<FileImage | undefined> {
    for (let reads = 1; ; reads += 1) {
      const image = yield* this.#again(() => this.readOnce(path, maxBytes));
      if (image === undefined || reads === MOST_READS || image.data.length > RECORD_BYTES) return image;
      // No process of this machine writes over a record there. Where one of the server does, what was read may be incomplete, or the
      // record of another lock: no version that a change expects, so it is not worth a request to the server.
      if (isRemote(this.#folder)) return image;
      if ((yield* this.stampOf(path)) === image.stamp) return image;
    }
  }

  protected readOnce(path: string, maxBytes: number): Steps<FileImage | undefined> {
    return readOnce(this.#calls, path, maxBytes);
  }

  *readContent(path: string, maxBytes: number): Steps<Uint8Array | undefined> {
    return (yield* this.readWhole(path, maxBytes))?.data;
  }

  /** Writes a new file. */
  write(path: string, data: Uint8Array): Steps<unknown> {
    return this.writeStamped(path, data);
  }

  *writeStamped(path: string, data: Uint8Array): Steps<string> {
    const around = yield* this.#around();
    const mode = fileMode(around.stats.mode);
    const fd = yield* ask(this.#calls.open(path, NEW_FLAGS, mode));
    try {
      yield* this.#writeAll(fd, data);
      const stats = yield* ask(this.#calls.fstat(fd));
      this.#known.clock?.note(stats.mtimeMs);
      if (!isPrivate(around) && (mode & 0o044) === 0o040) yield* this.#giveToGroup(fd, stats, around.stats);
      if ((stats.mode & mode) !== mode) yield* tolerated(() => this.#calls.fchmod(fd, mode));
      this.#written = isHashed(stats.size) ? () => recordVersion(data) : () => statVersion(stats);
      return (this.writtenStamp = stampOf(stats));
    } finally {
      yield* ask(this.#calls.close(fd));
    }
  }

  /**
   * Only within one block of the disk, so that a power failure leaves one record or the other, which may be cut or followed by zeros,
   * and no mix of both. On ext4 the size of a longer file is also kept later, and until then the other one would stand there whole.
   */
  *rewrite(path: string, data: Uint8Array, stamp: string): Steps<string | undefined> {
    const around = yield* this.#around();
    const fd = isPrivate(around) ? yield* this.#openToRewrite(path) : undefined;
    if (fd === undefined) return undefined;
    try {
      const before = yield* ask(this.#calls.fstat(fd));
      if (stampOf(before) !== stamp || before.nlink !== 1 || !isAsNew(before, around)) return undefined;
      if (Math.max(before.size, data.length) > before.blksize) return undefined;
      // First, so that who still has it open and does not look again finds an incomplete record, and not a whole one with the end of
      // the last one behind it, which would be another program's file.
      if (data.length < before.size) yield* ask(this.#calls.ftruncate(fd, data.length));
      yield* this.#writeAll(fd, data);
      const stats = yield* ask(this.#calls.fstat(fd));
      this.#known.clock?.note(stats.mtimeMs);
      return stampOf(stats);
    } finally {
      yield* ask(this.#calls.close(fd));
    }
  }

  /** Where others may write to the folder, they may also want to take the lock, and could not remove what is in there. */
  *mayKeep(): Steps<boolean> {
    return isPrivate(yield* this.#around());
  }

  *#writeAll(fd: number, data: Uint8Array): Steps<void> {
    for (let done = 0; done < data.length;) done += yield* ask(this.#calls.write(fd, data.subarray(done)));
  }

  /** Whether time stamps in this folder come from one clock. */
  *hasOneClock(): Steps<boolean> {
    return isOnOwnDisk(this.#folder) || hasOneClock(yield* ask(this.#calls.diskType(this.#folder)));
  }

  /** The time of a disk of this machine, from a file that this process wrote there a moment ago. Undefined: there is none. */
  get sampledMs(): number | undefined {
    return isOnOwnDisk(this.#folder) ? this.#known.clock?.nowMs : undefined;
  }

  *stampOf(path: string): Steps<string | undefined> {
    const stats = yield* this.#statsOf(path);
    return stats && stampOf(stats);
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

  *makeStage(stage: string): Steps<string | undefined> {
    return yield* makePrivateFolder(this.#calls, stage, yield* this.#around());
  }

  forgetStage(at: string): void {
    forgetPrivateFolder(at);
  }

  /** A folder: some disks and permission models have no links, or do not follow them. */
  *makeDoor(path: string): Steps<'link' | 'folder'> {
    const at = yield* makePrivateFolder(this.#calls, path, yield* this.#around());
    if (at !== undefined) forgetPrivateFolder(at);
    return 'folder';
  }

  *inside<T>(folder: string, work: (at: string, names: readonly string[]) => Steps<T>): Steps<T | undefined> {
    return yield* insideFolder(this.#calls, folder, yield* this.#around(), work);
  }

  rename(from: string, to: string): Steps<void> {
    return later(() => this.#calls.rename(from, to));
  }

  *link(from: string, to: string): Steps<void> {
    try {
      yield* ask(this.#calls.link(from, to));
    } catch (error) {
      throw codeOf(error) === 'EACCES' ? linkDenied(to, error) : error;
    }
  }

  /**
   * NFS and many disks behind FUSE keep a file that somebody has open under another name in its folder, and a guard could not be
   * left before that file is closed. So what was taken through a guard is moved out of it first.
   */
  *unlink(path: string): Steps<void> {
    const isInGuard = isRemote(this.#folder) && isTakenName(nameOf(path));
    const aside = isInGuard ? stagedPath(`${this.#folder}/`, freshId()) : path;
    if (isInGuard) yield* this.rename(path, aside);
    yield* ask(this.#calls.unlink(aside));
  }

  rmdir(path: string): Steps<void> {
    return later(() => this.#calls.rmdir(path));
  }

  *lstat(path: string): Steps<FoundFile | undefined> {
    const stats = yield* this.#statsOf(path);
    return stats && { isFolder: stats.isDirectory(), size: stats.size, modifiedMs: stats.mtimeMs };
  }

  *#statsOf(path: string): Steps<Stats | undefined> {
    try {
      return yield* this.#again(() => ask(this.#calls.lstat(path)));
    } catch (error) {
      if (ABSENT.includes(codeOf(error))) return undefined;
      throw error;
    }
  }

  #again<T>(read: () => Steps<T>): Steps<T> {
    return readAgain(read, (ms) => this.pause(ms));
  }

  *pause(ms: number): Steps<void> {
    yield* ask(this.#calls.pause(ms, this.#signal));
  }

  now(): number {
    return performance.now();
  }

  /** Undefined: it cannot be opened. Whatever the reason, a new file shows it better. */
  *#openToRewrite(path: string): Steps<number | undefined> {
    try {
      return yield* ask(this.#calls.open(path, OVER_FLAGS));
    } catch {
      return undefined;
    }
  }

  *#giveToGroup(fd: number, made: Stats, folder: Stats): Steps<void> {
    // Not a member of that group: then its members cannot be given more than the permission bits say.
    if (made.gid !== folder.gid) yield* tolerated(() => this.#calls.fchown(fd, made.uid, folder.gid));
  }

  #around(): Steps<Surroundings> {
    const known = this.#known.surroundings;
    return known === undefined ? this.#lookAround() : ask(known);
  }

  *#lookAround(): Steps<Surroundings> {
    return (this.#known.surroundings = {
      stats: yield* this.#again(() => ask(this.#calls.stat(this.#folder))),
      euid: process.geteuid?.(),
    });
  }
}

/** Whether a file that would be made now would have the same owner and permission bits. */
function isAsNew(found: Stats, { stats, euid }: Surroundings): boolean {
  return (found.mode & 0o7777) === fileMode(stats.mode) && found.uid === euid;
}

function nothingWritten(): never {
  throw new Error('nothing was written');
}
