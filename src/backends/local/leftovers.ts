import { basename, dirname } from 'node:path';

import { idOf, isPrivateName } from '../../vfs/names.js';
import type { Entry, ListOptions } from '../../vfs/vfs.js';
import { clearLeftover as clearPlainLeftover, inspectLeftover } from '../shared/plain/leftovers.js';
import { walkFolder, type Locating } from './data-files.js';
import { LocalFiles } from './files.js';
import { partyIn } from './party.js';
import { pooledCalls } from './syscalls.js';

/** The private names in a folder. */
export function listLeftovers(vfs: Locating, folder: string, options: ListOptions): AsyncGenerator<Entry> {
  const visit = async (path: string): Promise<Entry | undefined> => {
    if (!isPrivateName(basename(path))) return undefined;
    const located = vfs.locate(path);
    // This very process uses it.
    if (idOf(located) === partyIn(dirname(located)).holder.id) return undefined;
    const found = await inspectLeftover(filesAround(located), located);
    return found && { ...found, path };
  };
  const enters = (name: string): boolean => (options.recursive ?? false) && !isPrivateName(name);
  return walkFolder(vfs, folder, { ...options, visit, enters });
}

/** Removes a private name as it was listed. */
export function clearLeftover(located: string, modifiedMs: number): Promise<boolean> {
  return clearPlainLeftover(filesAround(located), located, modifiedMs);
}

function filesAround(located: string): LocalFiles {
  return new LocalFiles(pooledCalls, dirname(located));
}
