import { VfsError } from '../errors.js';
import { VfsFile } from '../file.js';
import { shown } from '../path.js';
import { s3Vfs, type S3Vfs } from './s3.js';

const stores = new Map<string, S3Vfs>();

/**
 * The file of an `s3://bucket/key`. Credentials, region and endpoint are those of the SDK's own chain. Slashes that the key
 * begins with are part of it.
 */
export function openS3(uri: string, path: string): VfsFile {
  const [, bucket = '', slashes = '', rest = ''] = /^s3:\/\/([^/:@]+)\/([/]*)(.*)$/is.exec(uri) ?? [];
  if (bucket === '') throw bad(uri, 'is not of the form s3://bucket/key');
  if (rest.includes('//')) throw bad(uri, 'has an empty name in its key, which no path can have');
  const name = `${bucket}/${slashes}`;
  let store = stores.get(name);
  if (store === undefined) {
    store = s3Vfs({ bucket, prefix: slashes });
    stores.set(name, store);
  }
  return new VfsFile(store, path);
}

function bad(uri: string, problem: string): VfsError {
  // Nobody's secret belongs in a message.
  const harmless = uri.replace(/^([^:]*:\/\/)[^/]*@/, '$1***@');
  return new VfsError('ERR_VFS_URI', `the URI ${shown(harmless)} ${problem}`);
}
