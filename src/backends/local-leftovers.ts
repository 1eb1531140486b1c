import * as fs from 'node:fs/promises';
import { basename, join } from 'node:path';

import { isPrivateName } from '../names.js';
import type { Entry } from '../vfs.js';
import { clearAway, examine, type Attic } from './leftovers.js';
import { ABSENT, codeOf } from './local-errors.js';
import { walk, type OnUnlisted } from './local-plain.js';

/** The private names in a folder, paths relative to it. */
export function listLeftovers(folder: string, recursive: boolean, onUnlisted: OnUnlisted): AsyncGenerator<Entry> {
  const visit = async (path: string): Promise<Entry | undefined> => {
    if (!isPrivateName(basename(path))) return undefined;
    const found = await examine(attic, join(folder, path));
    return found && { ...found, path };
  };
  return walk(folder, { visit, enters: (name) => recursive && !isPrivateName(name), onUnlisted });
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
