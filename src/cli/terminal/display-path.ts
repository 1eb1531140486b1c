import type { Folder } from '../../vfs/path.js';

/** The display path of a folder: a local path, or a URI. */
export function displayPath({ vfs, path }: Folder): string {
  return path === '' ? vfs.locate('.').replace(/\.$/, '') : vfs.locate(path);
}

/** The path of a file relative to the folder that was asked for. */
export function relativePath({ path: folder }: Folder, path: string): string {
  return folder === '' ? path : path.slice(folder.length + 1);
}
