import { VfsError } from './errors.js';
import { folderOf, nameOf, normalizePath, pathIn, quoted } from './path.js';
import { badUri, decodedPath, partsOf } from './uri.js';
import type { Vfs } from './vfs.js';

/** A path that every store can hold: what `locate` adds to it is the root of the store. */
const ANY = 'x';

/** The path in the store that `to` names, for the file at `path`: see `VfsFile.resolve`. */
export function resolvePath(vfs: Vfs, path: string, to: string): string {
  if (typeof to !== 'string' || to === '') {
    throw new VfsError('ERR_VFS_PATH', `expected a path or a URI of the same store, not ${quoted(to)}`);
  }
  const uri = partsOf(to);
  const target = uri
    ? pathOfUri(vfs, to)
    : to.startsWith('/')
      ? absolute(vfs, to)
      : pathIn({ vfs, path: folderOf(path) }, to);
  return normalizePath(to.endsWith('/') ? pathIn({ vfs, path: target }, nameOf(path)) : target);
}

function rootOf(vfs: Vfs): string {
  return vfs.locate(ANY).slice(0, -ANY.length);
}

/** On the local disk an absolute path is one of the disk, as `String(file)` is; elsewhere it begins at the root of the store. */
function absolute(vfs: Vfs, to: string): string {
  const root = rootOf(vfs);
  if (!root.startsWith('/')) return to;
  const path = `/${normalizePath(to)}`;
  if (path.startsWith(root)) return path.slice(root.length);
  throw new VfsError('ERR_VFS_PATH', `the path ${quoted(to)} is not below ${root}, the root of this store`);
}

function pathOfUri(vfs: Vfs, to: string): string {
  const uri = partsOf(to);
  if (uri?.scheme === vfs.scheme && uri.extra === '') {
    const path = decodedPath(to, uri);
    const root = rootOf(vfs);
    if (root.startsWith('/') && ['', 'localhost'].includes(uri.authority.toLowerCase())) return absolute(vfs, path);
    const own = partsOf(root);
    if (own?.authority === uri.authority) {
      const folder = decodedPath(root, own);
      if (path.startsWith(folder)) return path.slice(folder.length);
    }
  }
  throw badUri(to, `names no file of the store that ${rootOf(vfs)} is the root of`);
}
