import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import type { VfsFile } from '../../vfs/file.js';
import { openFile } from '../../open.js';
import { openFolder } from '../../open.js';
import { type Folder } from '../../vfs/path.js';
import { CliError } from './error.js';
import { EXIT } from '../exit-codes.js';

/** The file to lock. Throws a usage complaint for what no lock can stand beside. */
export async function openTarget(text: string): Promise<VfsFile> {
  const file = await openFile(text);
  if (!file.vfs.capabilities.durable) {
    throw new CliError(EXIT.usage, `cannot lock ${file.toString()} for others: its store lives in one process only`);
  }
  if (file.vfs.scheme === 'file') await checkLocal(file.toString());
  return file;
}

/** The folder whose locks are meant. Throws a usage complaint for what is no folder. */
export async function openPlace(text: string): Promise<Folder> {
  const folder = await openFolder(text);
  const shown = shownFolder(folder);
  if (!folder.vfs.capabilities.durable) {
    throw new CliError(EXIT.usage, `${shown} has no locks of others: its store lives in one process only`);
  }
  const kind = folder.vfs.scheme === 'file' ? await kindOf(shown) : 'folder';
  if (kind === 'nothing') throw new CliError(EXIT.usage, `there is no folder ${shown}`);
  if (kind === 'file') throw new CliError(EXIT.usage, `${shown} is no folder`);
  return folder;
}

/** A folder as a person finds it. */
export function shownFolder({ vfs, path }: Folder): string {
  return path === '' ? vfs.locate('.').replace(/\.$/, '') : vfs.locate(path);
}

async function checkLocal(path: string): Promise<void> {
  if ((await kindOf(path)) === 'folder') {
    throw new CliError(EXIT.usage, `cannot lock ${path}: it is a folder; expected a file, which need not exist yet`);
  }
  const folder = dirname(path);
  const found = await kindOf(folder);
  if (found === 'nothing') throw new CliError(EXIT.usage, `cannot lock ${path}: there is no folder ${folder}`);
  if (found === 'file') throw new CliError(EXIT.usage, `cannot lock ${path}: ${folder} is no folder`);
}

async function kindOf(path: string): Promise<'folder' | 'file' | 'nothing' | 'hidden'> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    // What may not be looked at, for one, is for the store to tell.
    return ['ENOENT', 'ENOTDIR'].includes(String((error as NodeJS.ErrnoException).code)) ? 'nothing' : 'hidden';
  }
}
