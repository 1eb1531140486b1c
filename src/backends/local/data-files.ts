import { constants, createWriteStream } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { freshId } from '../../util/fresh-id.js';
import { isStagedName, stagedPath } from '../../vfs/names.js';
import type { Entry, ListOptions, Stat, Vfs } from '../../vfs/vfs.js';
import { ABSENT, codeOf, notAFile, posixError } from '../shared/plain/posix-errors.js';
import { walk, type FoundName, type Walk } from '../shared/plain/walk.js';

/** The operations that no lock depends on: what an inbox does with its files. Paths are those of the system. */

export async function statFile(path: string): Promise<Stat | undefined> {
  try {
    const stats = await fs.stat(path);
    return stats.isFile() ? { size: stats.size, modifiedMs: stats.mtimeMs } : undefined;
  } catch (error) {
    if (ABSENT.includes(codeOf(error))) return undefined;
    throw error;
  }
}

/** The regular files of a folder. */
export function listFiles(vfs: Locating, folder: string, options: ListOptions): AsyncGenerator<Entry> {
  const visit = async (path: string, { isFolder }: FoundName): Promise<Entry | undefined> => {
    const stat = isFolder ? undefined : await statFile(vfs.locate(path));
    return stat && { path, ...stat };
  };
  return walkFolder(vfs, folder, {
    ...options,
    visit,
    enters: (name) => (options.recursive ?? false) && !isStagedName(name),
  });
}

/** Knows where the paths of a store are on the disk. */
export type Locating = Pick<Vfs, 'locate'>;

/** Goes through the regular files and the folders of a folder. */
export function walkFolder(
  vfs: Locating,
  folder: string,
  through: Pick<Walk<FoundName>, 'visit' | 'enters' | 'signal' | 'onFolder' | 'onError'>,
): AsyncGenerator<Entry> {
  return walk(folder, {
    ...through,
    namesIn: (below) => namesIn(vfs.locate(below)),
    failure: (error, below) => posixError('list', vfs.locate(below), error, through.signal),
  });
}

async function* namesIn(located: string): AsyncGenerator<FoundName> {
  for await (const found of await fs.opendir(located, { bufferSize: 256 })) {
    const isFolder = found.isDirectory();
    if (isFolder || found.isFile()) yield { name: found.name, isFolder };
  }
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
    await stageFile(staged, data, signal);
    await fs.rename(staged, path);
  } catch (error) {
    await fs.rm(staged, { force: true });
    throw error;
  }
}

/** Writes a new file, whole. */
export async function stageFile(
  staged: string,
  data: Uint8Array | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (data instanceof Uint8Array) await fs.writeFile(staged, data, { flag: 'wx', signal });
  else await pipeline(data, createWriteStream(staged, { flags: 'wx' }), { signal });
}

const CHUNK_BYTES = 65_536;

/** The file from one open to its end, chunk by chunk. */
export async function* readChunks(path: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  const file = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw notAFile(stats.isDirectory() ? 'a directory' : 'not a regular file');
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

/** False: it is gone, or something is in it. */
export async function removeFolder(path: string): Promise<boolean> {
  try {
    await fs.rmdir(path);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) return false;
    throw error;
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
