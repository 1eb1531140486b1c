import { folderOf } from '../../vfs/path.js';

/** The folder that holds `path`, as the server names it: its root is `/`. */
export function serverFolderOf(path: string): string {
  return folderOf(path) || '/';
}
