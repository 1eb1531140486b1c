import { folderOf, pathIn, type Folder } from '../vfs/path.js';
import { ServiceError } from './errors.js';

/** Where the folder of a service really is. */
const roots = new WeakMap<Folder, string>();

/** Refuses a path in the folder of a service that a link on a disk leads out of it. */
export function refuseEscape(folder: Folder, path: string): void {
  const { vfs } = folder;
  if (vfs.realPath === undefined || vfs.scheme !== 'file') return;
  const root = roots.get(folder) ?? folderOf(vfs.realPath(pathIn(folder, 'x')));
  roots.set(folder, root);
  const real = folderOf(vfs.realPath(path));
  if (root === '' || real === root || real.startsWith(`${root}/`)) return;
  throw new ServiceError('invalid_name', 'a link leads this name out of the location of the service');
}
