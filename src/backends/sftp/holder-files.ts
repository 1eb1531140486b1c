import { ask, type Steps } from '../../util/steps.js';
import { TornError, type HolderFiles, type Published, type Stamp } from '../shared/plain/holder-folder.js';
import type { Attributes, Handle } from './connection/raw-sftp.js';
import type { SftpSession } from './connection/session.js';
import { codeOf, NoAnswerError, RefusedError } from './errors.js';
import type { SftpFiles } from './files.js';
import type { SftpParty } from './party.js';
import { Refusals } from './refusals.js';
import { explained } from './space.js';
import { stampOf } from './stamp.js';

type Settled<T> = Promise<PromiseSettledResult<T>>;

/**
 * The file operations of a holder over an ordered session, in as few round trips as possible: two to create a record, three to
 * replace it (it is renamed only once it is known to be written), and two to remove it.
 */
export class SftpHolderFiles implements HolderFiles {
  readonly #session: SftpSession;
  readonly #files: SftpFiles;
  readonly #party: SftpParty;
  readonly #refusals: Refusals;
  readonly #signal: AbortSignal | undefined;
  /** An entry whose opening was sent ahead of its use. */
  #ahead: { readonly path: string; readonly opened: Settled<Handle> } | undefined;

  constructor(session: SftpSession, files: SftpFiles, party: SftpParty, signal: AbortSignal | undefined) {
    this.#session = session;
    this.#files = files;
    this.#party = party;
    this.#refusals = new Refusals(session);
    this.#signal = signal;
  }

  makeStage(path: string): Steps<undefined> {
    this.#signal?.throwIfAborted();
    this.#party.makeFolder(path);
    return ask(undefined);
  }

  forgetStage(): void {
    // A server's directories have no descriptors.
  }

  *stampOf(path: string, next?: string): Steps<Stamp | undefined> {
    this.#signal?.throwIfAborted();
    const asked = settled(this.#session.lstatAndNote(path));
    if (next !== undefined) this.#open(next);
    const found = yield* ask(asked);
    if (found.status === 'fulfilled') return stampOf(found.value);
    // Whatever else the server says: the judgement is left to the guard.
    if (found.reason instanceof NoAnswerError) throw found.reason;
    return undefined;
  }

  *writeStamped(path: string, data: Uint8Array): Steps<Stamp> {
    const handle = yield* this.#handle(yield* ask(this.#opened(path)));
    const { failure, stats } = yield* ask(this.#fill(handle, data));
    if (failure !== undefined) throw failure;
    return stampOf(stats);
  }

  *publish(entry: string, data: Uint8Array, lock: string): Steps<Published> {
    const looked = settled(this.#session.lstatAndNote(lock));
    this.#open(entry);
    const [found, opened] = yield* ask(Promise.all([looked, this.#opened(entry)]));
    const handle = yield* this.#handle(opened);
    if (found.status === 'fulfilled' || this.#signal?.aborted) {
      this.#drop(entry, handle);
      this.#signal?.throwIfAborted();
      return 'taken';
    }
    const filled = this.#fill(handle, data);
    const linking = settled(this.#session.link(entry, lock));
    const removed = settled(this.#session.unlink(entry));
    const [{ failure, stats }, linked] = yield* ask(Promise.all([filled, linking, removed]));
    if (linked.status === 'rejected') return yield* this.#unlinked(linked.reason, lock, failure);
    if (failure instanceof NoAnswerError) throw failure;
    if (failure !== undefined) throw new TornError('the record was not written', { cause: failure });
    this.#session.knownFiles.note(lock, true);
    return { stamp: stampOf(stats) };
  }

  *takeAway(lock: string, entry: string, folder: string | undefined): Steps<void> {
    const taking = settled(this.#session.posixRename(lock, entry));
    const removals = [this.#session.unlink(entry)];
    if (folder !== undefined) removals.push(this.#party.removeFolder(folder));
    const [taken] = yield* ask(Promise.all([taking, Promise.allSettled(removals)]));
    if (taken.status === 'rejected') throw yield* this.#refusals.ofRename(taken.reason, lock, entry);
    this.#session.knownFiles.note(lock, false);
  }

  rename(from: string, to: string): Steps<void> {
    return this.#files.rename(from, to);
  }

  *link(from: string, to: string): Steps<void> {
    yield* ask(this.#session.link(from, to));
  }

  *unlink(path: string): Steps<void> {
    if (this.#ahead?.path === path) {
      const outcome = yield* ask(this.#opened(path));
      if (outcome.status === 'fulfilled') this.#drop(path, outcome.value);
      return;
    }
    yield* this.#files.unlink(path);
  }

  *rmdir(path: string): Steps<void> {
    try {
      yield* this.#files.rmdir(path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') this.#party.forget(path);
      throw error;
    }
    this.#party.forget(path);
  }

  inside<T>(folder: string, work: (at: string, names: readonly string[]) => Steps<T>): Steps<T | undefined> {
    return this.#files.inside(folder, work);
  }

  pause(ms: number): Steps<void> {
    return this.#files.pause(ms);
  }

  #open(path: string): void {
    this.#ahead = { path, opened: settled(this.#session.openNew(path, this.#party.fileMode)) };
  }

  #opened(path: string): Settled<Handle> {
    if (this.#ahead?.path !== path) this.#open(path);
    const opened = this.#ahead?.opened;
    this.#ahead = undefined;
    return opened ?? settled(Promise.reject(new Error('nothing was opened')));
  }

  /** Nobody waits until an entry is closed and gone that was opened in vain. */
  #drop(path: string, handle: Handle): void {
    this.#party.keep([this.#session.close(handle), this.#session.unlink(path)]);
  }

  /** Writes and closes a new file. `failure`: why it may be incomplete. */
  async #fill(
    handle: Handle,
    data: Uint8Array,
  ): Promise<{ readonly failure: Error | undefined; readonly stats: Attributes }> {
    const written = settled(this.#session.write(handle, data));
    // The umask of the server may have taken bits away.
    const shared = settled(this.#session.fsetstat(handle, { mode: this.#party.fileMode }));
    const asked = settled(this.#session.fstat(handle));
    const closed = settled(this.#session.close(handle));
    const [write, , stats, close] = await Promise.all([written, shared, asked, closed]);
    const failed = [write, stats, close].find((outcome) => outcome.status === 'rejected');
    const none: Attributes = { mode: 0, uid: 0, gid: 0, size: 0, mtime: 0 };
    if (stats.status === 'rejected' || failed !== undefined)
      return { failure: failed?.reason as Error | undefined, stats: none };
    const isWhole = stats.value.size === data.byteLength;
    return { failure: isWhole ? undefined : new RefusedError('EIO', 'the file is incomplete'), stats: stats.value };
  }

  *#handle(opened: PromiseSettledResult<Handle>): Steps<Handle> {
    if (opened.status === 'fulfilled') return opened.value;
    throw yield* ask(this.#explained(opened.reason));
  }

  /** Before anything is cleared up, which could make room on a full disk. */
  #explained(refusal: unknown): Promise<unknown> {
    return explained(this.#session, this.#party.folder, refusal);
  }

  /** Why the link was not made. A refusal that says nothing is settled by creating the lock file without the folder. */
  *#unlinked(reason: unknown, lock: string, failure: Error | undefined): Steps<Published> {
    if (reason instanceof NoAnswerError) throw reason;
    if (failure !== undefined) throw failure;
    if (codeOf(reason) !== 'EIO' && codeOf(reason) !== 'EEXIST') throw reason;
    return (yield* this.stampOf(lock)) === undefined ? 'linkless' : 'taken';
  }
}

function settled<T>(request: Promise<T>): Settled<T> {
  return Promise.allSettled([request]).then(([outcome]) => outcome);
}
