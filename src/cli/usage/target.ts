import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { untilAborted } from '../../util/abort.js';
import { openFile, openFolder } from '../../open.js';
import type { VfsFile } from '../../vfs/file.js';
import type { Folder } from '../../vfs/path.js';
import { usageError } from '../exit-codes.js';
import { displayPath } from '../terminal/display-path.js';

/** Opens the file that FILE names. Throws a usage error if no lock file can stand beside it. */
export async function openTarget(text: string): Promise<VfsFile> {
  const file = await openFile(text);
  if (!file.vfs.capabilities.durable) {
    throw usageError(`cannot lock ${file.toString()} for others: its store lives in one process only`);
  }
  if (file.vfs.scheme === 'file') await checkLocalFile(file.toString());
  return file;
}

/** Opens the folder that LOCATION names. Throws a usage error if it is not a folder. */
export async function openLocation(text: string): Promise<Folder> {
  const folder = await openFolder(text);
  const path = displayPath(folder);
  if (!folder.vfs.capabilities.durable) {
    throw usageError(`${path} has no locks of others: its store lives in one process only`);
  }
  if (folder.vfs.scheme !== 'file') return folder;
  const kind = await kindOf(path);
  if (kind === 'nothing') throw usageError(`there is no folder ${path}`);
  if (kind === 'file') throw usageError(`${path} is not a folder`);
  return folder;
}

async function checkLocalFile(path: string): Promise<void> {
  const found = await kindOf(path);
  if (found === 'folder') {
    throw usageError(`cannot lock ${path}: it is a folder; expected a file, which need not exist yet`);
  }
  if (found === 'unknown') return;
  const folder = dirname(path);
  const kind = await kindOf(folder);
  if (kind === 'nothing') throw usageError(`cannot lock ${path}: there is no folder ${folder}`);
  if (kind === 'file') throw usageError(`cannot lock ${path}: ${folder} is not a folder`);
}

/** How long a disk may take to say what a path is before the store is left to find out. */
const LOOK_MS = 400;

async function kindOf(path: string): Promise<'folder' | 'file' | 'nothing' | 'unknown'> {
  try {
    return (await untilAborted(stat(path), undefined, { limitMs: LOOK_MS })).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    // For every other failure, such as a missing permission or a disk that hangs, the store reports the reason later.
    return ['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code)) ? 'nothing' : 'unknown';
  }
}
