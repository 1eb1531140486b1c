import { freshId } from '../../../util/fresh-id.js';
import type { Steps } from '../../../util/steps.js';
import { stagedPath } from '../../../vfs/names.js';
import type { Version } from '../../../vfs/vfs.js';
import { fence } from './fence.js';
import { discard } from './lock-files.js';
import { nextEntry, type HolderFiles, type HolderFolder, type Stamp } from './holder-folder.js';
import { isUnchanged, publishOwn, replaceOwn, type OwnOutcome } from './own-acts.js';
import { ABSENT, codeOf, isRefusal } from './posix-errors.js';

/** What a party reports about its folder, so that somebody can remove it when nothing needs it. */
export interface HolderLife {
  /** The folder exists. */
  readonly made: () => void;
  /** No record names the folder any more. */
  readonly idle: () => void;
}

/**
 * One party (a process, or one connection to a server) in one folder. It has at most one private folder there, which all of its
 * records name (`via`). While that folder stands, nobody else changes a record that names it: whoever wants to removes the folder
 * first (`fence`). So the holder changes its own records by a single rename out of its folder or into it, without the guard.
 */
export class Holder {
  readonly #life: HolderLife | undefined;
  #current: HolderFolder | undefined;
  /** The locks with an own act under way, each with the folder that it goes through. */
  readonly #acting = new Map<string, HolderFolder>();

  constructor(life?: HolderLife) {
    this.#life = life;
  }

  /** The id of the current folder; undefined where there is none. */
  get id(): string | undefined {
    return this.#current?.id;
  }

  /** After a change that did not make the current folder's record: if nothing needs that folder, it may go. */
  settle(): void {
    if (this.#current !== undefined && this.isIdle) this.#life?.idle();
  }

  /** Whether no record names the current folder. */
  get isIdle(): boolean {
    return (this.#current?.own.size ?? 0) === 0 && this.#acting.size === 0;
  }

  /** The id that a record written now should name. Makes the folder if there is none. */
  *via(files: HolderFiles, lock: string): Steps<string> {
    const found = this.id;
    if (found !== undefined) return found;
    const id = freshId();
    const path = stagedPath(lock, id);
    const made = newFolder(id, (yield* files.makeStage(path)) ?? path);
    // Another call of this process may have made a folder meanwhile. The id of the second one was never written anywhere.
    const raced = this.#current?.id;
    if (raced === undefined) {
      this.#current = made;
      this.#life?.made();
      return id;
    }
    yield* this.#remove(files, lock, made);
    return raced;
  }

  /** Creates a record that names the folder `via`. Undefined: not possible through it; nothing was changed. */
  *create(
    files: HolderFiles,
    lock: string,
    data: Uint8Array,
    { via, version }: { readonly via: string | undefined; readonly version: Version },
  ): Steps<'made' | 'taken' | undefined> {
    yield* this.#settle(files, lock);
    const folder = this.#current;
    if (folder === undefined || folder.id !== via) return undefined;
    return yield* this.#act(files, lock, folder, () => publishOwn(files, lock, folder, { data, version }));
  }

  /** Replaces an own record by one that names the same folder. */
  *replace(
    files: HolderFiles,
    lock: string,
    expected: Version,
    next: { readonly data: Uint8Array; readonly via: string | undefined; readonly version: Version },
  ): Steps<OwnOutcome> {
    const folder = yield* this.#ownFolder(files, lock, expected);
    if (folder === undefined || folder.id !== next.via) return 'stranger';
    const outcome = yield* this.#act(files, lock, folder, () => replaceOwn(files, lock, folder, next));
    return outcome ?? 'stranger';
  }

  /** Removes an own record. */
  *remove(files: HolderFiles, lock: string, expected: Version): Steps<OwnOutcome> {
    const folder = yield* this.#ownFolder(files, lock, expected);
    if (folder === undefined) return 'stranger';
    const outcome = yield* this.#act(files, lock, folder, () => this.#takeAway(files, lock, folder));
    return outcome ?? 'stranger';
  }

  *#takeAway(files: HolderFiles, lock: string, folder: HolderFolder): Steps<OwnOutcome> {
    const entry = nextEntry(folder, 'taken');
    if (!(yield* isUnchanged(files, lock, folder))) return 'stranger';
    if (files.takeAway) {
      const isLast = folder.own.size === 1 && this.#acting.size === 1;
      if (isLast) this.#drop(files, folder);
      yield* files.takeAway(lock, entry, isLast ? folder.at : undefined);
    } else {
      yield* files.rename(lock, entry);
      yield* discard(files, entry);
    }
    folder.own.delete(lock);
    return 'done';
  }

  /** Before a change through the guard of a record that names the folder `via`: there this party is a stranger to its own record. */
  *giveWay(files: HolderFiles, lock: string, via: string | undefined): Steps<void> {
    yield* this.#settle(files, lock);
    if (via !== undefined && this.#current?.id === via) this.#drop(files, this.#current);
  }

  /** A record that names the current folder came to stand there through the guard. */
  note(lock: string, version: Version, via: string | undefined, stamp: Stamp): void {
    if (via !== undefined && this.#current?.id === via) this.#current.own.set(lock, { version, stamp });
  }

  /** Forgets the current folder if no record names it. Returns its id, so that the caller can remove the folder. */
  retire(files: Pick<HolderFiles, 'forgetStage'>): string | undefined {
    const folder = this.#current;
    if (folder === undefined || !this.isIdle) return undefined;
    this.#drop(files, folder);
    return folder.id;
  }

  /** The folder to act through, if `expected` is what this party wrote last. */
  *#ownFolder(files: HolderFiles, lock: string, expected: Version): Steps<HolderFolder | undefined> {
    yield* this.#settle(files, lock);
    const folder = this.#current;
    return folder?.own.get(lock)?.version === expected ? folder : undefined;
  }

  /**
   * An own act through `folder`. Undefined: the folder is gone, so the act did not happen. Where a failure leaves open what
   * happened, the folder goes before the caller learns of it: then that act cannot land any more.
   */
  *#act<T>(files: HolderFiles, lock: string, folder: HolderFolder, act: () => Steps<T>): Steps<T | undefined> {
    this.#acting.set(lock, folder);
    folder.users += 1;
    let failure: unknown;
    try {
      return yield* act();
    } catch (error) {
      failure = error;
    } finally {
      if (this.#acting.get(lock) === folder) this.#acting.delete(lock);
      folder.users -= 1;
      if (folder.dropped && folder.users === 0) files.forgetStage(folder.at);
    }
    const code = codeOf(failure);
    if (ABSENT.includes(code)) {
      // Something else may stand in its place: that is removed, or named by the error.
      yield* this.#remove(files, lock, folder);
      return undefined;
    }
    if (!isRefusal(code)) yield* this.#remove(files, lock, folder, failure);
    throw failure;
  }

  /** An act that is still under way, such as one whose caller gave up, must not land after what comes next. */
  *#settle(files: HolderFiles, lock: string): Steps<void> {
    const folder = this.#acting.get(lock);
    if (folder === undefined) return;
    this.#acting.delete(lock);
    yield* this.#remove(files, lock, folder);
  }

  /** `because`: what the caller learns where the folder cannot be removed either. */
  *#remove(files: HolderFiles, lock: string, folder: HolderFolder, because?: unknown): Steps<void> {
    this.#drop(files, folder);
    try {
      yield* fence(files, lock, folder.id);
    } catch (error) {
      throw because ?? error;
    }
  }

  #drop(files: Pick<HolderFiles, 'forgetStage'>, folder: HolderFolder): void {
    if (this.#current === folder) this.#current = undefined;
    if (folder.dropped) return;
    folder.dropped = true;
    if (folder.users === 0) files.forgetStage(folder.at);
  }
}

function newFolder(id: string, at: string): HolderFolder {
  return { id, at, entries: 0, users: 0, dropped: false, own: new Map() };
}
