import { VfsError } from '../vfs/errors.js';
import { folderOf, pathIn, type Folder } from '../vfs/path.js';
import type { Vfs } from '../vfs/vfs.js';
import { ServiceError } from './errors.js';

/** Where the folder of a service really is. */
const roots = new WeakMap<Folder, string>();

/** Refuses a path in the folder of a service that a link on a disk leads out of it. */
export function refuseEscape(folder: Folder, path: string): void {
  const { vfs } = folder;
  if (vfs.realPath === undefined || vfs.scheme !== 'file') return;
  const root = roots.get(folder) ?? realFolderOf(vfs, pathIn(folder, 'x'));
  if (root === undefined) return;
  roots.set(folder, root);
  // Folders that do not exist lead nowhere; the first one that does exist may be a link.
  let real: string | undefined;
  for (let at = path; real === undefined; at = folderOf(at)) real = realFolderOf(vfs, at);
  if (root === '' || real === root || real.startsWith(`${root}/`)) return;
  throw new ServiceError('invalid_name', 'a link leads this name out of the location of the service');
}

/** Undefined: there is none. */
function realFolderOf(vfs: Vfs, path: string): string | undefined {
  try {
    return folderOf(vfs.realPath?.(path) ?? path);
  } catch (error) {
    if (error instanceof VfsError && error.code === 'ERR_VFS_NOT_FOUND') return undefined;
    if (isLoop(error)) throw new ServiceError('invalid_name', 'the links of this name lead in a circle');
    throw error;
  }
}

function isLoop(error: unknown): boolean {
  return error instanceof VfsError && (error.cause as { readonly code?: unknown } | undefined)?.code === 'ELOOP';
}
