import { VfsFile } from '../../../vfs/file.js';
import { badUri } from '../../../vfs/uri.js';
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
    if (bucket === '') throw badUri(uri, `is not of the form ${scheme}://bucket/key`);
    if (rest.includes('//')) throw badUri(uri, 'has an empty name in its key, which no path can have');
    const place = `${bucket}/${prefix}`;
    const store = stores.get(place) ?? make({ bucket, prefix });
    stores.set(place, store);
    return new VfsFile(store, path);
  };
}

/** A prefix that names a folder: `in` without its slash would make `inf` of `f`. */
export function asFolder(prefix: string): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}

/** Whether an endpoint holds a user name or a password. They would appear in messages, in events and in `storeId`. */
export function hasUser(endpoint: string): boolean {
  const { username, password } = new URL(endpoint);
  return username !== '' || password !== '';
}

export const USER_REFUSED = 'endpoint must not hold a user name or a password, which would appear in messages';
