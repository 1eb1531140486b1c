import { VfsError } from '../errors.js';
import { VfsFile } from '../file.js';
import { gcsVfs, type GcsVfs } from './gcs.js';

const stores = new Map<string, GcsVfs>();

/**
 * The file of a `gs://bucket/key`. Credentials and endpoint are those of the SDK's own chain. Slashes that the key begins with
 * are part of it.
 */
export function openGcs(uri: string, path: string): VfsFile {
  const [, bucket = '', slashes = '', rest = ''] = /^gs:\/\/([^/:@]+)\/([/]*)(.*)$/is.exec(uri) ?? [];
  if (bucket === '') throw bad(uri, 'is not of the form gs://bucket/key');
  if (rest.includes('//')) throw bad(uri, 'has an empty name in its key, which no path can have');
  const name = `${bucket}/${slashes}`;
  let store = stores.get(name);
  if (store === undefined) {
    store = gcsVfs({ bucket, prefix: slashes });
    stores.set(name, store);
  }
  return new VfsFile(store, path);
}

function bad(uri: string, problem: string): VfsError {
  const harmless = uri.replace(/^([^:]*:\/\/)[^/?#]*@/, '$1***@').slice(0, 100);
  return new VfsError('ERR_VFS_URI', `the URI ${JSON.stringify(harmless)} ${problem}`);
}
