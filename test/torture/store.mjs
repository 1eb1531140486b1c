// @ts-check
import { localVfs } from 'vfs-lockfile';
import { s3Vfs } from 'vfs-lockfile/s3';

/**
 * Where the locked files are: `links` or `linkless` for a folder of the local disk, or an S3 bucket, `s3` for one that
 * takes locks back by tombstones, `s3-native` by conditional deletes, whose settings are in the environment.
 *
 * @param {string} kind
 * @param {string} root the folder, or the bucket and a slash and a prefix
 * @returns {import('vfs-lockfile').Vfs}
 */
export function storeOf(kind, root) {
  if (kind === 'links' || kind === 'linkless') return localVfs({ root, hardLinks: kind === 'links' });
  const [bucket = '', ...names] = root.split('/');
  const conditionalDelete = kind === 's3-native' ? 'native' : 'none';
  return s3Vfs({ bucket, prefix: `${names.join('/')}/`, conditionalDelete });
}
