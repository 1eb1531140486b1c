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
import { isHashed, readImage, readVersion, stampOf, statVersion, type FileImage } from './image.js';
import { linkDenied } from './link-denied.js';
import { readAgain } from './read-again.js';
import type { Syscalls } from './syscalls.js';
import { fileMode, type LockFiles } from '../shared/plain/lock-files.js';
import type { CommitFiles } from '../shared/plain/commit.js';
import type { HolderFiles, Stamp } from '../shared/plain/holder-folder.js';
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
  writtenStamp: Stamp = [];
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

  readWhole(path: string, maxBytes: number): Steps<FileImage | undefined> {
    return this.#again(() => readImage(this.#calls, path, maxBytes));
  }

  *readContent(path: string, maxBytes: number): Steps<Uint8Array | undefined> {
    return (yield* this.readWhole(path, maxBytes))?.data;
  }

  /** Writes a new file. */
  write(path: string, data: Uint8Array): Steps<unknown> {
    return this.writeStamped(path, data);
  }

  *writeStamped(path: string, data: Uint8Array): Steps<Stamp> {
    const around = yield* this.#around();
    const mode = fileMode(around.stats.mode);
    const fd = yield* ask(this.#calls.open(path, NEW_FLAGS, mode));
    try {
      for (let done = 0; done < data.length;) done += yield* ask(this.#calls.write(fd, data.subarray(done)));
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

  /** Whether time stamps in this folder come from one clock. */
  *hasOneClock(): Steps<boolean> {
    return isOnOwnDisk(this.#folder) || hasOneClock(yield* ask(this.#calls.diskType(this.#folder)));
  }

  /** The time of a disk of this machine, from a file that this process wrote there a moment ago. Undefined: there is none. */
  get sampledMs(): number | undefined {
    return isOnOwnDisk(this.#folder) ? this.#known.clock?.nowMs : undefined;
  }

  *stampOf(path: string): Steps<Stamp | undefined> {
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

function nothingWritten(): never {
  throw new Error('nothing was written');
}
