import { realpathSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

import { VfsError } from '../../vfs/errors.js';

/** The path relative to `root` of a file at an absolute path, without links in its folder. Neither the file nor a link in its place matters. */
export function realPathBelow(root: string, located: string): string {
  const path = relative(realpathSync(root), join(realpathSync(dirname(located)), basename(located)));
  if (path !== '..' && !path.startsWith('../')) return path;
  throw new VfsError('ERR_VFS_PATH', `a link in the path ${located} leads out of ${root}, the root of this store`);
}
