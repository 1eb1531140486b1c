import { performance } from 'node:perf_hooks';
import { realSleep } from '../../util/sleep.js';
import { entryName, idOf } from '../../vfs/names.js';
import { ask, type Steps } from '../../util/steps.js';
import { recordVersion } from '../shared/content-version.js';
import type { CommitFiles } from '../shared/plain/commit.js';
import type { SwapFiles } from '../shared/plain/guarded-swap.js';
import type { Stamp } from '../shared/plain/holder-folder.js';
import type { FoundFile, LeftoverFiles } from '../shared/plain/leftovers.js';
import { fileMode, type LockFiles } from '../shared/plain/lock-files.js';
import { codeOf, NoAnswerError } from './errors.js';
import type { Version } from '../../vfs/vfs.js';
import type { SftpAbilities } from './probe.js';
import { isDirectory, type Attributes, type Handle } from './connection/raw-sftp.js';
import type { SftpSession } from './connection/session.js';
import { Refusals, withCode } from './refusals.js';
import { beginRead, finishRead, type FileImage, type PendingRead } from './reading.js';
import { SftpRequests } from './requests.js';
import { serverFolderOf } from './server-folder.js';
import { shareFolder } from './sharing.js';
import { stampOf } from './stamp.js';

/** A swap takes a few round trips. */
const PATIENCE_MS = 1500;

/** A name that a change made for itself: beside the file, or also, under the guard of a swap, as `entry`. */
export interface Staged {
  readonly path: string;
  readonly swap?: { readonly lock: string; readonly entry: string };
  /** It is a holder's folder. */
  readonly isHolder?: boolean;
}

/** The file operations of one change of one file, for the guarded swap and for the staged file of a creation. */
export class SftpFiles implements LockFiles, LeftoverFiles, CommitFiles {
  readonly patienceMs = PATIENCE_MS;
  /** The private names made so far. */
  readonly staged: Staged[] = [];
  readonly enter: SwapFiles['enter'];
  readonly act: SwapFiles['act'];
  readonly #requests: SftpRequests;
  readonly #refusals: Refusals;
  readonly #session: SftpSession;
  readonly #abilities: SftpAbilities;
  readonly #path: string;
  readonly #folder: string;
  readonly #signal: AbortSignal | undefined;
  #stage: { readonly path: string; readonly made: Promise<Attributes> } | undefined;
  #folderStats: Promise<Attributes> | undefined;
  #written: Uint8Array | undefined;
  #stamp: Promise<Attributes> | undefined;

  constructor(session: SftpSession, abilities: SftpAbilities, path: string, signal?: AbortSignal) {
    this.#folder = serverFolderOf(path);
    this.#requests = new SftpRequests(session, this.#folder);
    this.#refusals = new Refusals(session);
    this.#session = session;
    this.#abilities = abilities;
    this.#path = path;
    this.#signal = signal;
    this.enter = session.ordered ? this.#enterAndRead.bind(this) : undefined;
    this.act = session.ordered && abilities.symlinks ? this.#actAndLeave.bind(this) : undefined;
  }

  get written(): Version {
    if (this.#written === undefined) throw new Error('nothing was written');
    return recordVersion(this.#written);
  }

  /** See `stampOf`. It has arrived when the change that needed the file is done. */
  get writtenStamp(): Promise<Stamp> {
    return this.#stamp?.then(stampOf) ?? Promise.reject(new Error('nothing was written'));
  }

  *read(path: string, maxBytes = Infinity): Steps<FileImage | undefined> {
    return yield* finishRead(this.#requests, path, yield* beginRead(this.#requests, path), maxBytes);
  }

  *readContent(path: string, maxBytes: number): Steps<Uint8Array | undefined> {
    return (yield* this.read(path, maxBytes))?.data;
  }

  /** Reads, and meanwhile makes a scratch file whose modification time is the server's current time. */
  *readAndClock(
    path: string,
    scratch: string,
    maxBytes: number,
  ): Steps<{ readonly image: FileImage | undefined; readonly nowMs: number | undefined }> {
    const reading = yield* beginRead(this.#requests, path);
    this.staged.push({ path: scratch });
    const opened = yield* this.#requests.send(this.#session.openNew(scratch, 0o644));
    const stamp = yield* this.#requests.send(this.#session.lstat(scratch));
    const [handle, attributes] = yield* ask(Promise.allSettled([opened, stamp]));
    if (handle.status === 'fulfilled') {
      yield* this.#requests.attempt(this.#session.close(handle.value));
      yield* this.#requests.attempt(this.#session.unlink(scratch));
    }
    const image = yield* finishRead(this.#requests, path, reading, maxBytes);
    // A reader without permission to write, or a full disk: the time stays unknown.
    return { image, nowMs: attributes.status === 'fulfilled' ? attributes.value.mtime * 1000 : undefined };
  }

  *makeStage(stage: string): Steps<undefined> {
    this.#signal?.throwIfAborted();
    yield* this.#requests.attempt(this.#session.lstatAndNote(this.#path));
    this.staged.push({ path: stage, swap: { lock: this.#path, entry: entryName(idOf(stage)) } });
    yield* this.#requests.require(this.#session.mkdir(stage, 0o777));
    this.#stage = { path: stage, made: yield* this.#requests.post(this.#session.lstat(stage)) };
    void (yield* this.#statFolder());
    return undefined;
  }

  forgetStage(): void {
    // A server's directories have no descriptors.
  }

  /** A link to the very directory that it stands in, or a directory where links were seen not to work. */
  *makeDoor(path: string): Steps<'link' | 'folder'> {
    if (this.#abilities.symlinks) {
      yield* this.#requests.require(this.#session.symlink('.', path));
      yield* this.#requests.settle();
    } else {
      yield* this.#requests.require(this.#session.mkdir(path, 0o777));
      const made = yield* this.#requests.post(this.#session.lstat(path));
      yield* this.#requests.settle();
      yield* this.#share(path, made);
    }
    if (this.#stage) yield* this.#share(this.#stage.path, this.#stage.made);
    return this.#abilities.symlinks ? 'link' : 'folder';
  }

  /** Writes a new file, readable to all who may write to the folder. An ordered server may still be at work on return. */
  *write(path: string, data: Uint8Array): Steps<void> {
    this.#signal?.throwIfAborted();
    this.#written = data;
    const folder = yield* this.#statFolder();
    if (this.#stage === undefined) this.staged.push({ path });
    const opened = yield* this.#requests.post(this.#session.openNew(path, 0o644));
    const handle = yield* this.#settledOrClosed(opened);
    if (this.#stage) yield* this.#share(this.#stage.path, this.#stage.made);
    const mode = fileMode((yield* ask(folder)).mode);
    yield* this.#requests.require(this.#session.write(handle, data));
    yield* this.#requests.attempt(this.#session.fsetstat(handle, { mode }));
    if (this.#abilities.holders) this.#stamp = yield* this.#requests.post(this.#session.fstat(handle));
    yield* this.#requests.require(this.#session.close(handle));
    if (!this.#session.ordered) yield* this.#requests.settle();
  }

  /** Waits until the staged file is complete, makes a hard link to it, and removes the staged name. */
  *linkStaged(staged: string, to: string): Steps<void> {
    yield* this.#requests.settle();
    this.#signal?.throwIfAborted();
    const linked = yield* this.#requests.send(this.#session.link(staged, to));
    yield* ask(Promise.allSettled([linked, yield* this.#requests.send(this.#session.unlink(staged))]));
    yield* ask(linked);
  }

  /** Makes a hard link in a stage. */
  *link(from: string, to: string): Steps<void> {
    yield* this.#requests.settle();
    if (this.#stage) yield* this.#share(this.#stage.path, this.#stage.made);
    this.#signal?.throwIfAborted();
    if (!this.#abilities.hardLinks) throw withCode('ENOTSUP', new Error('the server makes no hard links'));
    yield* ask(this.#session.link(from, to));
  }

  /** Asks whether the name exists. Sent along with other requests, this costs no round trip of its own. */
  *peek(path: string): Steps<Promise<Attributes>> {
    return yield* this.#requests.send(this.#session.lstatAndNote(path));
  }

  *rename(from: string, to: string): Steps<void> {
    yield* this.#renamed(this.#renaming(from, to), from, to);
  }

  *unlink(path: string): Steps<void> {
    try {
      yield* ask(this.#session.unlink(path));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') throw error;
      const found = yield* this.#refusals.existingAfter(error, path);
      if (found === undefined) throw withCode('ENOENT', error);
      throw isDirectory(found) ? withCode('EISDIR', error) : error;
    }
  }

  *rmdir(path: string): Steps<void> {
    try {
      yield* ask(this.#session.rmdir(path));
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || (yield* this.#refusals.existingAfter(error, path)) === undefined)
        throw withCode('ENOENT', error);
      const names = yield* this.#names(path);
      if (names === undefined) throw withCode('ENOENT', error);
      throw this.#refusals.ofFolder(error, names.length > 0);
    }
  }

  *inside<T>(folder: string, work: (at: string, names: readonly string[]) => Steps<T>): Steps<T | undefined> {
    const found = yield* this.lstat(folder);
    if (found?.isFolder === false) throw withCode('ENOTDIR', new Error(`${folder} is no folder`));
    const names = yield* this.#names(folder);
    return names && (yield* work(folder, names));
  }

  *#names(path: string): Steps<readonly string[] | undefined> {
    try {
      return yield* ask(this.#session.names(path));
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || (yield* this.#refusals.existingAfter(error, path)) === undefined)
        return undefined;
      throw error;
    }
  }

  /** Undefined also where the server does not say what is there. */
  *lstat(path: string): Steps<FoundFile | undefined> {
    try {
      const found = yield* ask(this.#session.lstat(path));
      return { isFolder: isDirectory(found), size: found.size, modifiedMs: found.mtime * 1000 };
    } catch (error) {
      if (error instanceof NoAnswerError) throw error;
      return undefined;
    }
  }

  *pause(ms: number): Steps<void> {
    yield* ask(realSleep(ms, this.#signal));
  }

  now(): number {
    return performance.now();
  }

  *#enterAndRead(stage: string, guard: string, lock: string): Steps<FileImage | undefined> {
    this.#signal?.throwIfAborted();
    const entered = yield* this.#requests.send(this.#renaming(stage, guard));
    const reading = yield* beginRead(this.#requests, lock);
    try {
      yield* this.#requests.settle();
      yield* this.#renamed(entered, stage, guard);
    } catch (error) {
      yield* this.#closeUnused(reading);
      throw error;
    }
    return yield* finishRead(this.#requests, lock, reading, Infinity);
  }

  *#actAndLeave(from: string, to: string, guard: string, leftovers: readonly string[]): Steps<void> {
    const acted = yield* this.#requests.send(this.#renaming(from, to));
    const cleared = [];
    for (const name of leftovers) {
      cleared.push(yield* this.#requests.send(this.#session.unlink(`${guard}/${name}`)));
    }
    cleared.push(yield* this.#requests.send(this.#session.rmdir(guard)));
    yield* ask(Promise.allSettled([acted, ...cleared]));
    yield* this.#renamed(acted, from, to);
  }

  *#renamed(answer: Promise<void>, from: string, to: string): Steps<void> {
    try {
      yield* ask(answer);
    } catch (error) {
      throw yield* this.#refusals.ofRename(error, from, to);
    }
  }

  async #renaming(from: string, to: string): Promise<void> {
    const session = this.#session;
    await (this.#abilities.posixRename ? session.posixRename(from, to) : session.plainRename(from, to));
    if (from === this.#path) session.knownFiles.note(from, false);
  }

  *#closeUnused(reading: PendingRead): Steps<void> {
    const [opened] = yield* ask(Promise.allSettled([reading.opened, reading.found]));
    if (opened.status === 'fulfilled') yield* this.#requests.attempt(this.#session.close(opened.value));
  }

  *#settledOrClosed(opened: Promise<Handle>): Steps<Handle> {
    try {
      yield* this.#requests.settle();
    } catch (error) {
      const [outcome] = yield* ask(Promise.allSettled([opened]));
      if (outcome.status === 'fulfilled') yield* this.#requests.attempt(this.#session.close(outcome.value));
      throw error;
    }
    return yield* ask(opened);
  }

  *#share(path: string, made: Promise<Attributes>): Steps<void> {
    const [stats, folder] = yield* ask(Promise.all([made, yield* this.#statFolder()]));
    for (const request of shareFolder(this.#session, path, stats, { folder, uid: this.#abilities.uid }))
      yield* this.#requests.attempt(request);
  }

  *#statFolder(): Steps<Promise<Attributes>> {
    return (this.#folderStats ??= yield* this.#requests.post(this.#session.stat(this.#folder)));
  }
}
