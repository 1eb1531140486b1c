import { VfsError } from '../../../vfs/errors.js';
import { VfsFile } from '../../../vfs/file.js';
import { quoted } from '../../../vfs/path.js';
import type { Vfs } from '../../../vfs/vfs.js';

/**
 * Opens the file of a `scheme://bucket/key`; the files of one bucket share a store. Slashes that the key begins with are part
 * of it.
 */
export function bucketOpener(
  scheme: string,
  make: (where: { readonly bucket: string; readonly prefix: string }) => Vfs,
): (uri: string, path: string) => VfsFile {
  const stores = new Map<string, Vfs>();
  const form = new RegExp(`^${scheme}://([^/:@]+)/([/]*)(.*)$`, 'is');
  return (uri, path) => {
    const [, bucket = '', prefix = '', rest = ''] = form.exec(uri) ?? [];
    if (bucket === '') throw bad(uri, `is not of the form ${scheme}://bucket/key`);
    if (rest.includes('//')) throw bad(uri, 'has an empty name in its key, which no path can have');
    const name = `${bucket}/${prefix}`;
    const store = stores.get(name) ?? make({ bucket, prefix });
    stores.set(name, store);
    return new VfsFile(store, path);
  };
}

function bad(uri: string, problem: string): VfsError {
  // Nobody's secret belongs in a message.
  const harmless = uri.replace(/^([^:]*:\/\/)[^/]*@/, '$1***@');
  return new VfsError('ERR_VFS_URI', `the URI ${quoted(harmless)} ${problem}`);
}
