import * as fs from 'node:fs/promises';
import { basename } from 'node:path';

import { isPrivateName } from '../../vfs/names.js';
import type { Entry, ListOptions, Vfs } from '../../vfs/vfs.js';
import { clearAway, examine, type Attic } from '../shared/plain/leftovers.js';
import { ABSENT, codeOf } from '../shared/plain/posix-errors.js';
import { walk } from './data-files.js';

/** The private names in a folder. */
export function listLeftovers(vfs: Vfs, folder: string, options: ListOptions): AsyncGenerator<Entry> {
  const visit = async (path: string, located: string): Promise<Entry | undefined> => {
    if (!isPrivateName(basename(located))) return undefined;
    const found = await examine(attic, located);
    return found && { ...found, path };
  };
  const enters = (name: string): boolean => (options.recursive ?? false) && !isPrivateName(name);
  return walk(vfs, folder, { ...options, visit, enters });
}

export function clearLeftover(path: string, modifiedMs: number): Promise<boolean> {
  return clearAway(attic, path, modifiedMs);
}

const attic: Attic = {
  async look(path) {
    const stats = await present(fs.lstat(path));
    return stats && { isFolder: stats.isDirectory(), size: stats.size, modifiedMs: stats.mtimeMs };
  },
  names: (folder) => present(fs.readdir(folder)),
  unlink: (path) => done(fs.unlink(path)),
  rmdir: (path) => done(fs.rmdir(path)),
};

async function present<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (ABSENT.includes(codeOf(error))) return undefined;
    throw error;
  }
}

async function done(removing: Promise<void>): Promise<boolean> {
  try {
    await removing;
    return true;
  } catch (error) {
    if ([...ABSENT, 'ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) return false;
    throw error;
  }
}
