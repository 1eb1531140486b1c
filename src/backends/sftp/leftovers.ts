import { isPrivateName } from '../../vfs/names.js';
import { nameOf } from '../../vfs/path.js';
import type { Entry } from '../../vfs/vfs.js';
import { clearAway, examine, type Attic } from '../shared/plain/leftovers.js';
import { codeOf, NoAnswerError } from './errors.js';
import { namesIn, walk, type OnUnlisted } from './data-files.js';
import { isDirectory, isSymlink, type Attributes } from './connection/raw.js';
import type { SftpSession } from './connection/session.js';

/** The private names in a folder, paths relative to it. */
export function listLeftovers(
  session: SftpSession,
  folder: string,
  recursive: boolean,
  onUnlisted: OnUnlisted,
): AsyncGenerator<Entry> {
  const visit = async (path: string, attributes: Attributes): Promise<Entry | undefined> => {
    if (!isPrivateName(nameOf(path)) || isSymlink(attributes)) return undefined;
    const found = await examine(atticOf(session), `${folder}/${path}`);
    return found && { ...found, path };
  };
  return walk(session, folder, { visit, enters: (name) => recursive && !isPrivateName(name), onUnlisted });
}

export function clearLeftover(session: SftpSession, path: string, modifiedMs: number): Promise<boolean> {
  return clearAway(atticOf(session), path, modifiedMs);
}

function atticOf(session: SftpSession): Attic {
  const exists = (path: string): Promise<boolean> => session.lstat(path).then(() => true, unlessUnanswered);
  /** Servers give all kinds of reasons where there is nothing any more. */
  const done = async (path: string, removing: Promise<void>, mayStay: boolean): Promise<boolean> => {
    try {
      await removing;
      return true;
    } catch (error) {
      const explained = mayStay && !DENIALS.includes(codeOf(error));
      if (error instanceof NoAnswerError || (!explained && (await exists(path)))) throw error;
      return false;
    }
  };
  return {
    async look(path) {
      const found = await session.lstat(path).catch(unlessUnanswered);
      return found ? { isFolder: isDirectory(found), size: found.size, modifiedMs: found.mtime * 1000 } : undefined;
    },
    names: (folder) =>
      namesIn(session, folder).catch(async (error: unknown) => {
        if (error instanceof NoAnswerError || (await exists(folder))) throw error;
        return undefined;
      }),
    unlink: (path) => done(path, session.unlink(path), false),
    rmdir: (path) => done(path, session.rmdir(path), true),
  };
}

/** Refusals that cannot mean that a folder is not empty. */
const DENIALS: readonly string[] = ['EACCES', 'EROFS'];

function unlessUnanswered(error: unknown): false {
  if (error instanceof NoAnswerError) throw error;
  return false;
}
