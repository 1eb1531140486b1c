import { VfsError } from '../errors.js';
import { openFile } from '../open.js';
import type { Vfs } from '../vfs.js';

/** A folder of a store, `''` for its root. */
export interface Folder {
  readonly vfs: Vfs;
  /** Relative to the root of the store. */
  readonly path: string;
}

/** A folder: its path on the local disk, its URI, or a store and the path in it. */
export type Location = string | URL | Folder;

/** Rejects as `openFile` does, and makes no other I/O: whether the folder is there shows when it is listed. */
export async function openFolder(location: Location): Promise<Folder> {
  if (typeof location === 'object' && !(location instanceof URL)) return checked(location);
  const text: unknown = location instanceof URL ? location.href : location;
  if (typeof text !== 'string' || text === '') {
    throw new VfsError('ERR_VFS_PATH', `a location must be a folder's path or URI, not ${JSON.stringify(text)}`);
  }
  const { vfs, path } = await openFile(`${text.endsWith('/') ? text : `${text}/`}file`);
  return { vfs, path: folderOf(path) };
}

/** The path of a name in a folder. */
export function pathIn({ path }: Folder, name: string): string {
  return path === '' ? name : `${path}/${name}`;
}

/** The path of the folder that a path stands in; `''` is the root. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function checked(folder: Partial<Folder> | null): Folder {
  if (typeof folder?.vfs?.list !== 'function' || typeof folder.path !== 'string') {
    throw new VfsError('ERR_VFS_PATH', "a location must be a folder's path or URI, or { vfs, path }");
  }
  if (folder.path !== '') folder.vfs.check(folder.path);
  return { vfs: folder.vfs, path: folder.path };
}
