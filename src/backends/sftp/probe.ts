import { VfsError } from '../../vfs/errors.js';
import { probeEntry } from '../../vfs/names.js';
import { NoAnswerError } from './errors.js';
import { isRegular, isSymlink, type Attributes } from './connection/raw-sftp.js';
import type { SftpSession } from './connection/session.js';

/** What a server can do, as the probe has seen it. */
export interface SftpAbilities {
  /** It makes hard links, and none onto a name that is taken. */
  readonly hardLinks: boolean;
  /** It renames by `posix-rename@openssh.com`, else by the plain request. Either was seen to replace a file. */
  readonly posixRename: boolean;
  /** Files can be moved through a symbolic link to the directory in which it stands. */
  readonly symlinks: boolean;
  /** It may have holder's folders, in folders that allow them. */
  readonly holders: boolean;
  /** The user on the server to whom the files belong that are made over this session. */
  readonly uid: number | undefined;
}

/** What is relied on where nothing was probed: reading and cleaning up need none of it. */
export const UNPROBED: SftpAbilities = {
  ...{ hardLinks: false, posixRename: false, symlinks: false, holders: false },
  uid: undefined,
};

/**
 * Tries everything that exclusion rests on, in a scratch directory beside the files to be locked, and checks the effect: some servers
 * report success and do nothing. Fails with `ERR_VFS_UNSUPPORTED`, naming what is missing.
 */
export async function probe(session: SftpSession, scratch: string): Promise<SftpAbilities> {
  await session.mkdir(scratch, 0o777);
  const checks = new ProbeChecks(session, scratch);
  try {
    const uid = await checks.attributes();
    const hardLinks = await checks.hardLinks();
    const posixRename = await checks.posixRename();
    await checks.guarding();
    const symlinks = await checks.symlinks();
    const holders = hardLinks && posixRename && session.ordered && (await isProvenKernel(session));
    return { hardLinks, posixRename, symlinks, holders, uid };
  } finally {
    await checks.clear();
  }
}

class ProbeChecks {
  readonly #session: SftpSession;
  readonly #scratch: string;
  #rename: (from: string, to: string) => Promise<void>;

  constructor(session: SftpSession, scratch: string) {
    this.#session = session;
    this.#scratch = scratch;
    this.#rename = (from, to) => session.posixRename(from, to);
  }

  /** Locks are read, renewed, judged and released by what the server says of a file. */
  async attributes(): Promise<number> {
    await this.#put('seen');
    const path = this.#at('seen');
    const handle = await this.#session.openToRead(path);
    const [byHandle, byName, names] = await Promise.allSettled([
      this.#session.fstat(handle),
      this.#session.lstat(path),
      this.#session.names(this.#scratch),
    ]);
    await worked(this.#session.close(handle));
    if (!isSeen(byName)) throw unsupported('it does not show the kind, size and time of a file (LSTAT)');
    if (!isSeen(byHandle)) throw unsupported('it does not show the size and time of an open file (FSTAT)');
    const { uid } = byHandle.value;
    if (names.status === 'rejected' || !names.value.includes(probeEntry('seen'))) {
      if (names.status === 'rejected' && names.reason instanceof NoAnswerError) throw names.reason;
      throw unsupported('it does not list the files of a directory');
    }
    return uid;
  }

  async hardLinks(): Promise<boolean> {
    await this.#put('one', 'two');
    if (!(await this.#linked('one', 'link'))) return false;
    if ((await this.#get('link')) !== 'one') {
      throw unsupported('it reports success for a hard link that it did not make, so none of its answers is reliable');
    }
    const again = await worked(this.#session.link(this.#at('two'), this.#at('link')));
    if (again || (await this.#get('link')) !== 'one') throw unsupported('its hard links overwrite existing files');
    return true;
  }

  /** Tried twice, with a file made in between: a disk that is full for a moment does not mean a server without hard links. */
  async #linked(from: string, to: string): Promise<boolean> {
    if (await worked(this.#session.link(this.#at(from), this.#at(to)))) return true;
    await this.#put('three');
    return worked(this.#session.link(this.#at(from), this.#at(to)));
  }

  async posixRename(): Promise<boolean> {
    await this.#put('old', 'new');
    if ((await worked(this.#rename(this.#at('new'), this.#at('old')))) && (await this.#moved('new', 'old')))
      return true;
    await this.#put('old', 'new');
    this.#rename = (from, to) => this.#session.plainRename(from, to);
    if ((await worked(this.#rename(this.#at('new'), this.#at('old')))) && (await this.#moved('new', 'old')))
      return false;
    throw unsupported('it has no rename that replaces a file (posix-rename@openssh.com)');
  }

  /** What the guard needs: see `guardedSwap`. */
  async guarding(): Promise<void> {
    const [free, full] = [this.#at('free'), this.#at('full')];
    await Promise.all([this.#session.mkdir(free, 0o777), this.#session.mkdir(full, 0o777)]);
    await this.#put('free/mine', 'full/theirs', 'loose');
    const clobbered = await worked(this.#rename(free, full));
    if (clobbered || (await this.#get('full/theirs')) === undefined || (await this.#get('free/mine')) === undefined) {
      throw unsupported('it renames a directory onto one that is not empty');
    }
    if ((await worked(this.#session.rmdir(full))) || (await this.#get('full/theirs')) === undefined) {
      throw unsupported('it removes directories that are not empty');
    }
    if (!(await worked(this.#rename(free, this.#at('guard')))) || (await this.#get('guard/mine')) === undefined) {
      throw unsupported('it cannot rename directories');
    }
    if (await worked(this.#rename(this.#at('free/mine'), this.#at('loose')))) {
      throw unsupported('it reports success for the rename of a file that does not exist');
    }
    if (await worked(this.#rename(this.#at('loose'), this.#at('free/loose')))) {
      throw unsupported('it reports success for a rename into a directory that does not exist');
    }
  }

  async symlinks(): Promise<boolean> {
    const door = this.#at('door');
    if (!(await worked(this.#session.symlink('.', door)))) return false;
    const made = await this.#session.lstat(door).catch(() => undefined);
    if (!made || !isSymlink(made)) return false;
    const through = await worked(this.#rename(this.#at('loose'), `${door}/${probeEntry('through')}`));
    return through && (await this.#get('through')) !== undefined && worked(this.#session.unlink(door));
  }

  /** Removes everything that the probe may have made; what stays is left to `sweep`. */
  async clear(): Promise<void> {
    const files = ['seen', 'one', 'two', 'three', 'link', 'old', 'new', 'loose', 'door', 'through'];
    const inside = ['free/mine', 'free/loose', 'full/theirs', 'full/mine', 'guard/mine'];
    await Promise.allSettled([...files, ...inside].map((name) => this.#session.unlink(this.#at(name))));
    await Promise.allSettled(['free', 'full', 'guard'].map((name) => this.#session.rmdir(this.#at(name))));
    await worked(this.#session.rmdir(this.#scratch));
  }

  #at(name: string): string {
    return [this.#scratch, ...name.split('/').map(probeEntry)].join('/');
  }

  /** Writes files that hold their own names. */
  async #put(...names: readonly string[]): Promise<void> {
    await Promise.all(
      names.map(async (name) => {
        await worked(this.#session.unlink(this.#at(name)));
        const handle = await this.#session.openNew(this.#at(name), 0o644);
        await this.#session.write(handle, Buffer.from(name));
        await this.#session.close(handle);
      }),
    );
  }

  async #get(name: string): Promise<string | undefined> {
    try {
      const handle = await this.#session.openToRead(this.#at(name));
      const data = await this.#session.readOnce(handle, 0, 100);
      await this.#session.close(handle);
      return data.toString();
    } catch (error) {
      if (error instanceof NoAnswerError) throw error;
      return undefined;
    }
  }

  async #moved(from: string, to: string): Promise<boolean> {
    return (await this.#get(to)) === from && (await this.#get(from)) === undefined;
  }
}

/** Whether the attributes of the file that holds `seen` are complete. */
function isSeen(answer: PromiseSettledResult<Attributes>): answer is PromiseFulfilledResult<Attributes> {
  if (answer.status === 'rejected') {
    if (answer.reason instanceof NoAnswerError) throw answer.reason;
    return false;
  }
  return isRegular(answer.value) && answer.value.size === 'seen'.length && answer.value.mtime > 0;
}

/**
 * Whether the server's system is one whose removed directories were seen to refuse every call that had looked them up before. The
 * systems that were not name themselves, or have a folder that no other one has.
 */
async function isProvenKernel(session: SftpSession): Promise<boolean> {
  if (/windows|bsd/i.test(session.software)) return false;
  return !(await worked(session.lstat('/System/Library')));
}

async function worked(request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (error) {
    if (error instanceof NoAnswerError) throw error;
    return false;
  }
}

function unsupported(what: string): VfsError {
  return new VfsError('ERR_VFS_UNSUPPORTED', `this SFTP server cannot exclude anybody: ${what}`);
}
