import { setImmediate } from 'node:timers';
import { promisify } from 'node:util';

import { freshId } from '../../util/fresh-id.js';
import { entryName, stagedPath } from '../../vfs/names.js';
import { Holder } from '../shared/plain/holder.js';
import { fileMode } from '../shared/plain/lock-files.js';
import type { LockParty } from '../shared/plain/own-locks.js';
import type { Attributes } from './connection/raw-sftp.js';
import type { SftpSession } from './connection/session.js';
import { codeOf, NoAnswerError } from './errors.js';
import type { Staged } from './files.js';
import { privateMode, shareFolder } from './sharing.js';

const turn = promisify(setImmediate);

/** What a party needs of its connection. */
export interface PartyLine {
  readonly session: SftpSession;
  /** Keeps the connection, and so the process, until these requests are answered. Their failures do not matter. */
  keep(requests: readonly Promise<unknown>[]): void;
  /** See `LiveSession.leaving`. */
  leaving(staged: readonly Staged[]): void;
}

/**
 * One connection in one folder of a server: its holder's folder there, which exists while a record names it. To make it and to
 * remove it costs requests and no round trips, so it is not kept between two locks.
 */
export class SftpParty implements LockParty {
  readonly holder: Holder;
  readonly #line: PartyLine;
  readonly folder: string;
  readonly #uid: number | undefined;
  readonly #made = new Set<string>();
  #around: Attributes | undefined;
  #allows: Promise<boolean> | undefined;
  #removing: Promise<unknown> | undefined;

  constructor(line: PartyLine, folder: string, uid: number | undefined) {
    this.#line = line;
    this.folder = folder;
    this.#uid = uid;
    this.holder = new Holder({ made: () => undefined, idle: () => this.#retire() });
  }

  taken(): void {
    // No folder outlives its last record, however soon the next one comes.
  }

  /** The holder's folders that may exist on the server. */
  get folders(): readonly string[] {
    return [...this.#made];
  }

  /** The mode of a lock file here. */
  get fileMode(): number {
    return fileMode(this.#around?.mode ?? 0);
  }

  /**
   * Whether records in this folder may name a holder's folder: tried once. On a network file system behind the server a request may
   * be repeated after its reply was lost, and a folder cannot be removed while somebody has a removed file of it open. The second
   * shows the first.
   */
  async allows(): Promise<boolean> {
    const trial = (this.#allows ??= this.#try());
    try {
      return await trial;
    } catch (error) {
      if (this.#allows === trial) this.#allows = undefined;
      if (error instanceof NoAnswerError) throw error;
      return false;
    }
  }

  async #try(): Promise<boolean> {
    const { session } = this.#line;
    const scratch = stagedPath(`${this.folder}/`, freshId());
    const file = `${scratch}/${entryName(freshId())}`;
    const asked = [session.stat(this.folder), session.mkdir(scratch, 0o700), session.openNew(file, 0o600)] as const;
    try {
      const [around, , opened] = await Promise.allSettled(asked);
      const removals = [session.unlink(file), session.rmdir(scratch)] as const;
      const [, removed] = await Promise.allSettled(removals);
      if (opened.status === 'rejected') throw opened.reason;
      if (around.status === 'rejected') throw around.reason;
      const closed = session.close(opened.value);
      this.#line.keep(removed.status === 'fulfilled' ? [closed] : [closed, session.rmdir(scratch)]);
      if (removed.status === 'rejected' && removed.reason instanceof NoAnswerError) throw removed.reason;
      this.#around = around.value;
      return removed.status === 'fulfilled';
    } finally {
      this.#line.leaving([{ path: scratch }]);
    }
  }

  /**
   * Sends what makes a holder's folder. An ordered server does it before all that is sent later; if it refuses, nothing can be done
   * through that folder. Its bits are changed afterwards where the server's umask took some away.
   */
  makeFolder(path: string): void {
    const { session } = this.#line;
    this.#made.add(path);
    const mode = this.#around ? privateMode(this.#around) : 0o700;
    const asked = [session.mkdir(path, mode), session.lstat(path), session.stat(this.folder)] as const;
    const sharing = Promise.all(asked).then(([, made, folder]) => {
      this.#around = folder;
      return Promise.allSettled(shareFolder(session, path, made, { folder, uid: this.#uid }));
    });
    this.#line.keep([sharing]);
  }

  /** See `PartyLine.keep`. */
  keep(requests: readonly Promise<unknown>[]): void {
    this.#line.keep(requests);
  }

  /** Removes a holder's folder that this party does not use any more. If it is not empty, the next contender or `sweep` does it. */
  async removeFolder(path: string): Promise<void> {
    try {
      await this.#line.session.rmdir(path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    this.forget(path);
  }

  /** A holder's folder is gone. */
  forget(path: string): void {
    this.#made.delete(path);
  }

  /** Settles when the holder's folder that was given up last is gone, so that a release leaves nothing behind. */
  async cleared(): Promise<void> {
    await this.#removing;
    this.#removing = undefined;
  }

  #retire(): void {
    const id = this.holder.retire({ forgetStage: () => undefined });
    if (id === undefined) return;
    // Not at once: why a change was refused is found out first, and on a full disk this would make room.
    const removing = turn().then(() => this.removeFolder(stagedPath(`${this.folder}/`, id)));
    this.#removing = Promise.allSettled([removing]);
    this.#line.keep([removing]);
  }
}
