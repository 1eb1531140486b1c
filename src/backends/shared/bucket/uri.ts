import { VfsError } from '../../../vfs/errors.js';
import { VfsFile } from '../../../vfs/file.js';
import { quoted } from '../../../vfs/path.js';
import type { Vfs } from '../../../vfs/vfs.js';

/**
 * Returns a function that opens the file of a `scheme://bucket/key` URI. Files of one bucket share a store. Slashes at the
 * beginning of the key are part of it: they become the prefix of the store.
 */
export function bucketOpener(
  scheme: string,
  make: (options: { readonly bucket: string; readonly prefix: string }) => Vfs,
): (uri: string, path: string) => VfsFile {
  const stores = new Map<string, Vfs>();
  const form = new RegExp(`^${scheme}://([^/:@]+)/([/]*)(.*)$`, 'is');
  return (uri, path) => {
    const [, bucket = '', prefix = '', rest = ''] = form.exec(uri) ?? [];
    if (bucket === '') throw bad(uri, `is not of the form ${scheme}://bucket/key`);
    if (rest.includes('//')) throw bad(uri, 'has an empty name in its key, which no path can have');
    const place = `${bucket}/${prefix}`;
    const store = stores.get(place) ?? make({ bucket, prefix });
    stores.set(place, store);
    return new VfsFile(store, path);
  };
}

function bad(uri: string, problem: string): VfsError {
  // A message must not show a password.
  const harmless = uri.replace(/^([^:]*:\/\/)[^/]*@/, '$1***@');
  return new VfsError('ERR_VFS_URI', `the URI ${quoted(harmless)} ${problem}`);
}
