import { freshId } from '../../util/fresh-id.js';
import { run } from '../../util/steps.js';
import { VfsError } from '../../vfs/errors.js';
import { asidePath } from '../../vfs/names.js';
import { labelledPath } from '../../vfs/path.js';
import type { Stat } from '../../vfs/vfs.js';
import { isSeen, moveRefusal } from '../shared/moves.js';
import { replaceFile } from '../shared/plain/lock-files.js';
import type { Attributes } from './connection/raw-sftp.js';
import type { SftpSession } from './connection/session.js';
import { existing, statFile } from './data-files.js';
import { codeOf, NoAnswerError } from './errors.js';
import type { SftpFiles } from './files.js';
import type { SftpAbilities } from './probe.js';

/** A move without hard links reads the whole file into memory, up to this size. */
const COPIED_BYTES = 64 * 1024 * 1024;

/** Both ends of a move, as the server names them and as messages show them. */
export interface SftpMove {
  readonly from: string;
  readonly to: string;
  readonly shownFrom: string;
  readonly shownTo: string;
  readonly ifUnchanged: Stat | undefined;
}

/**
 * Moves a file to a free path: by a hard link, or by a copy on a server without, whose plain rename may overwrite what stands in its
 * way. The old name is then renamed to a private one and checked there: a producer may have put a new file in its place since.
 */
export class SftpMover {
  readonly #session: SftpSession;
  readonly #abilities: SftpAbilities;
  readonly #files: SftpFiles;
  readonly #move: SftpMove;

  constructor(session: SftpSession, abilities: SftpAbilities, files: SftpFiles, move: SftpMove) {
    this.#session = session;
    this.#abilities = abilities;
    this.#files = files;
    this.#move = move;
  }

  async move(): Promise<void> {
    const { from, ifUnchanged } = this.#move;
    if (ifUnchanged) {
      const found = await statFile(this.#session, from);
      if (found === undefined) throw this.#refusal('ERR_VFS_NOT_FOUND');
      if (!isSeen(ifUnchanged, found)) throw this.#refusal('ERR_VFS_CHANGED');
    }
    await this.#takeAway(this.#abilities.hardLinks ? await this.#link() : await this.#copy());
  }

  /** Makes the new name. Returns whether a file is the one that has it. */
  async #link(): Promise<(path: string) => Promise<boolean>> {
    const { from, to } = this.#move;
    try {
      await this.#session.link(from, to);
    } catch (error) {
      if (error instanceof NoAnswerError) throw error;
      if ((await existing(this.#session.lstat(from))) === undefined) throw this.#refusal('ERR_VFS_NOT_FOUND');
      if (await existing(this.#session.lstat(to))) throw this.#refusal('ERR_VFS_EXISTS');
      throw error;
    }
    const linked = await this.#session.lstat(to);
    // SFTP shows no inode numbers. A different file of the same size, written within the same second, would not be noticed.
    return async (path) => isSameFile(await this.#session.lstat(path), linked);
  }

  async #copy(): Promise<(path: string) => Promise<boolean>> {
    const { from, to, shownFrom } = this.#move;
    const read = (path: string) => run(this.#files.read(path, COPIED_BYTES + 1));
    const image = await read(from);
    if (image === undefined) throw this.#refusal('ERR_VFS_NOT_FOUND');
    if (image.data.byteLength > COPIED_BYTES) {
      const message = `cannot move ${shownFrom}: so long a file needs a server with hard links`;
      throw new VfsError('ERR_VFS_UNSUPPORTED', message);
    }
    const written = await run(replaceFile(this.#files, to, undefined, image.data));
    if (written === undefined) throw this.#refusal('ERR_VFS_EXISTS');
    return async (path) => (await read(path))?.version === image.version;
  }

  /**
   * Removes the old name, which may be that of another file by now. If several callers move one file, the one that removes the
   * old name has moved it.
   */
  async #takeAway(isMoved: (path: string) => Promise<boolean>): Promise<void> {
    const { from, to, ifUnchanged } = this.#move;
    const aside = asidePath(from, freshId());
    try {
      await this.#rename(from, aside);
    } catch (error) {
      if (error instanceof NoAnswerError) throw error;
      const isThere = await existing(this.#session.lstat(from));
      await this.#session.unlink(to).catch(() => undefined);
      throw isThere ? error : this.#refusal('ERR_VFS_NOT_FOUND');
    }
    const found = ifUnchanged && (await statFile(this.#session, aside));
    if ((!found || isSeen(ifUnchanged, found)) && (await isMoved(aside))) {
      await this.#session.unlink(aside);
      return;
    }
    const kept = await this.#putBack(aside);
    await this.#session.unlink(to).catch(() => undefined);
    throw this.#refusal('ERR_VFS_CHANGED', kept);
  }

  /** Restores the name of a file; if that was taken meanwhile, uses a free name beside it. Returns the name. */
  async #putBack(aside: string): Promise<string> {
    const { from } = this.#move;
    for (let name = from; ; name = labelledPath(from, freshId().slice(0, 8))) {
      try {
        if (!this.#abilities.hardLinks) {
          if (await existing(this.#session.lstat(name))) continue;
          await this.#rename(aside, name);
          return name;
        }
        await this.#session.link(aside, name);
        await this.#session.unlink(aside);
        return name;
      } catch (error) {
        const isTaken = codeOf(error) === 'EEXIST' || codeOf(error) === 'EIO';
        if (!isTaken || !(await existing(this.#session.lstat(name)))) throw error;
      }
    }
  }

  /** OpenSSH makes its plain rename of a link and an unlink, between which a file could be replaced. */
  #rename(from: string, to: string): Promise<void> {
    return this.#abilities.posixRename ? this.#session.posixRename(from, to) : this.#session.plainRename(from, to);
  }

  #refusal(code: Parameters<typeof moveRefusal>[0], kept?: string): VfsError {
    const { from, shownFrom, shownTo } = this.#move;
    const shownKept = kept === undefined || kept === from ? undefined : kept.slice(kept.lastIndexOf('/') + 1);
    return moveRefusal(code, shownFrom, shownTo, shownKept);
  }
}

function isSameFile(a: Attributes, b: Attributes): boolean {
  return a.size === b.size && a.mtime === b.mtime;
}
