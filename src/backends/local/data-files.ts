import { constants, createWriteStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { VfsError } from '../../vfs/errors.js';
import { freshId } from '../../util/fresh-id.js';
import { stagedPath } from '../../vfs/names.js';
import type { Entry, ListOptions, Stat, Vfs } from '../../vfs/vfs.js';
import { ABSENT, codeOf, LINKLESS, posixError } from '../shared/plain/posix-errors.js';

/** The operations that no lock depends on: what an inbox does with its files. Paths are the system's own. */

export async function statFile(path: string): Promise<Stat | undefined> {
  try {
    const stats = await fs.stat(path);
    return stats.isFile() ? { size: stats.size, modifiedMs: stats.mtimeMs } : undefined;
  } catch (error) {
    if (ABSENT.includes(codeOf(error))) return undefined;
    throw error;
  }
}

/** The files of a folder. What vanishes during the walk is left out. */
export function listFiles(vfs: Locating, folder: string, options: ListOptions): AsyncGenerator<Entry> {
  const visit = async (path: string, located: string, isFolder: boolean): Promise<Entry | undefined> => {
    const stat = isFolder ? undefined : await statFile(located);
    return stat && { path, ...stat };
  };
  return walk(vfs, folder, { ...options, visit, enters: () => options.recursive ?? false });
}

/** Knows where the paths of a store are on the disk. */
type Locating = Pick<Vfs, 'locate'>;

export interface Walk extends ListOptions {
  /** Makes an entry of a file or folder, or leaves it out. */
  readonly visit: (path: string, located: string, isFolder: boolean) => Promise<Entry | undefined>;
  /** Whether to go into a folder of this name. */
  readonly enters: (name: string) => boolean;
}

/** Goes through a folder, which has to be there, and those below it. */
export async function* walk(vfs: Locating, folder: string, through: Walk, isBelow = false): AsyncGenerator<Entry> {
  const { visit, enters, signal, onError } = through;
  const located = vfs.locate(folder);
  const inside: string[] = [];
  try {
    for await (const found of await fs.opendir(located, { bufferSize: 256 })) {
      const isFolder = found.isDirectory();
      if (!isFolder && !found.isFile()) continue;
      const path = folder === '' ? found.name : `${folder}/${found.name}`;
      const entry = await visit(path, join(located, found.name), isFolder);
      signal?.throwIfAborted();
      if (entry) yield entry;
      if (isFolder && enters(found.name)) inside.push(path);
    }
  } catch (error) {
    const failure = posixError('list', located, error, signal);
    const isGone = isBelow && ABSENT.includes(codeOf(error));
    if (!isGone && (!isBelow || onError === undefined || failure.code === 'ERR_VFS_ABORTED')) throw failure;
    if (!isGone) onError?.(failure, folder);
  }
  for (const path of inside) yield* walk(vfs, path, through, true);
}

/** Writes beside the target and renames over it, so that no reader sees half a file. */
export async function writeFile(
  path: string,
  data: Uint8Array | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  await fs.mkdir(dirname(path), { recursive: true });
  const staged = stagedPath(path, freshId());
  try {
    if (data instanceof Uint8Array) await fs.writeFile(staged, data, { flag: 'wx', signal });
    else await pipeline(data, createWriteStream(staged, { flags: 'wx' }), { signal });
    await fs.rename(staged, path);
  } catch (error) {
    await fs.rm(staged, { force: true });
    throw error;
  }
}

/** Refuses a taken target with `EEXIST`. Across file systems, or without hard links, it copies. */
export async function moveFile(from: string, to: string, hardLinks: boolean): Promise<void> {
  await fs.mkdir(dirname(to), { recursive: true });
  if (!hardLinks || !(await linked(from, to))) await fs.copyFile(from, to, constants.COPYFILE_EXCL);
  try {
    await fs.unlink(from);
  } catch (error) {
    // It is still there and cannot go, or somebody else moved it meanwhile: either way it must not be in two places.
    await fs.rm(to, { force: true });
    throw error;
  }
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await fs.link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EXDEV' || LINKLESS.includes(codeOf(error))) return false;
    throw error;
  }
}

const CHUNK_BYTES = 65_536;

/** The file from one open to its end, chunk by chunk. */
export async function* readChunks(path: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  const file = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw new VfsError('ERR_VFS_NOT_A_FILE', `${path} is not a regular file`);
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES);
      signal?.throwIfAborted();
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

export async function deleteFile(path: string): Promise<boolean> {
  try {
    await fs.unlink(path);
    return true;
  } catch (error) {
    if (ABSENT.includes(codeOf(error))) return false;
    throw error;
  }
}
