import { isOurName } from '../../vfs/names.js';
import { folderOf, nameOf } from '../../vfs/path.js';
import { APPEND_BYTES } from '../../vfs/append.js';
import { VfsError } from '../../vfs/errors.js';
import type { Entry, FolderTimes, Stat } from '../../vfs/vfs.js';
import type { FoundName } from '../shared/plain/walk.js';
import { codeOf, NoAnswerError } from './errors.js';
import type { SftpAbilities } from './probe.js';
import { isDirectory, isRegular, type Attributes } from './connection/raw-sftp.js';
import { notRegular } from './reading.js';
import type { SftpSession } from './connection/session.js';
import { explained } from './space.js';

/** The operations that no lock depends on: what an inbox does with its files. Paths are those of the server. */

export async function statFile(session: SftpSession, path: string): Promise<Stat | undefined> {
  const found = await existing(session.stat(path));
  return found && isRegular(found) ? { size: found.size, modifiedMs: found.mtime * 1000 } : undefined;
}

export async function folderTimesOf(session: SftpSession, path: string): Promise<FolderTimes | undefined> {
  const found = await existing(session.lstat(path));
  return found && isDirectory(found) ? { modifiedMs: found.mtime * 1000, nowMs: undefined } : undefined;
}

/** A name in a folder, with what the server says about it. */
export interface FoundEntry extends FoundName {
  readonly attributes: Attributes;
}

/** The regular file of a name. */
export function entryOfFile(path: string, { attributes }: FoundEntry): Entry | undefined {
  return isRegular(attributes) ? { path, size: attributes.size, modifiedMs: attributes.mtime * 1000 } : undefined;
}

/** The names in a folder, as the server returns them: a few at a time. */
export async function* namesIn(session: SftpSession, folder: string): AsyncGenerator<FoundEntry> {
  const handle = await session.opendir(folder);
  try {
    for (;;) {
      const batch = await session.readdir(handle);
      if (batch === undefined) return;
      for (const { filename: name, attrs: attributes } of batch) {
        if (name !== '.' && name !== '..') yield { name, isFolder: isDirectory(attributes), attributes };
      }
    }
  } finally {
    await session.close(handle).catch(() => undefined);
  }
}

/** Writes beside the target and renames over it, so that no reader sees half a file. */
export async function writeFile(
  session: SftpSession,
  abilities: SftpAbilities,
  { staged, path }: { readonly staged: string; readonly path: string },
  data: Uint8Array | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await stageFile(session, staged, data, signal);
    await (abilities.posixRename ? session.posixRename(staged, path) : session.plainRename(staged, path));
  } catch (error) {
    await session.unlink(staged).catch(() => undefined);
    throw error;
  }
}

/** Writes a new file, whole. */
export async function stageFile(
  session: SftpSession,
  staged: string,
  data: Uint8Array | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const handle = await session.openNew(staged, 0o666);
  try {
    let at = 0;
    for await (const piece of data instanceof Uint8Array ? [data] : data) {
      signal?.throwIfAborted();
      await session.write(handle, piece, at);
      at += piece.byteLength;
    }
  } catch (error) {
    // Before the staged file is removed, which makes room again.
    throw await explained(session, folderOf(staged), error);
  } finally {
    await session.close(handle);
  }
  signal?.throwIfAborted();
}

/** One request, which a server that opens files to append carries out as one write. */
export async function appendFile(session: SftpSession, path: string, data: Uint8Array): Promise<void> {
  if (!session.ordered || data.length > APPEND_BYTES) {
    throw new VfsError(
      'ERR_VFS_UNSUPPORTED',
      'cannot append: only OpenSSH is known to do that in one piece, up to 32 KiB',
    );
  }
  if (isOurName(nameOf(folderOf(path)))) await checkOurFolder(session, folderOf(path));
  const found = await existing(session.lstat(path));
  if (found && !isRegular(found)) throw notRegular(found);
  const handle = await session.openToAppend(path, 0o666);
  try {
    await session.write(handle, data, found?.size ?? 0);
  } finally {
    await session.close(handle);
  }
}

/** SFTP follows a link that somebody puts in the place of the file, so nobody else may write to a folder of ours in a shared one. */
async function checkOurFolder(session: SftpSession, folder: string): Promise<void> {
  const found = await session.lstat(folder);
  if (!isDirectory(found)) throw notRegular(found);
  if ((found.mode & 0o022) === 0) return;
  throw new VfsError('ERR_VFS_UNSUPPORTED', 'cannot append: others may write to the folder, too');
}

/** Makes the missing folders above a path. */
export async function makeFolders(session: SftpSession, root: string, path: string): Promise<void> {
  const folder = folderOf(path);
  if (folder.length <= root.length || (await existing(session.stat(folder)))) return;
  await makeFolders(session, root, folder);
  try {
    await session.mkdir(folder, 0o777);
  } catch (error) {
    if (error instanceof NoAnswerError || !(await existing(session.stat(folder)))) throw error;
  }
}

/** False: it is gone, or something is in it. Servers answer both with the same code as other failures. */
export async function removeFolder(session: SftpSession, path: string): Promise<boolean> {
  try {
    await session.rmdir(path);
    return true;
  } catch (error) {
    if (error instanceof NoAnswerError) throw error;
    const found = await existing(session.lstat(path));
    if (found === undefined) return false;
    if (!isDirectory(found)) throw error;
    for await (const _name of namesIn(session, path)) return false;
    throw error;
  }
}

export async function deleteFile(session: SftpSession, path: string): Promise<boolean> {
  try {
    await session.unlink(path);
    return true;
  } catch (error) {
    if (error instanceof NoAnswerError) throw error;
    const found = await existing(session.lstat(path));
    if (found === undefined) return false;
    if (isDirectory(found)) throw notRegular(found);
    throw error;
  }
}

export async function* readPieces(session: SftpSession, path: string): AsyncGenerator<Uint8Array> {
  const found = await existing(session.stat(path));
  if (found && !isRegular(found)) throw notRegular(found);
  const handle = await session.openToRead(path);
  try {
    for (let at = 0; ;) {
      const piece = await session.read(handle, at, STREAM_BYTES);
      if (piece.length > 0) yield piece;
      at += piece.length;
      if (piece.length < STREAM_BYTES) return;
    }
  } finally {
    await session.close(handle).catch(() => undefined);
  }
}

const STREAM_BYTES = 262_144;

/** Undefined: nothing is there. For a path through a file, some servers say so with a generic failure. */
export async function existing(reading: Promise<Attributes>): Promise<Attributes | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EIO'].includes(codeOf(error))) return undefined;
    throw error;
  }
}
