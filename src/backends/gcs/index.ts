import { VfsError } from '../../vfs/errors.js';
import { quoted } from '../../vfs/path.js';
import type { BucketClient } from '../shared/bucket/bucket-client.js';
import { BucketVfs } from '../shared/bucket/bucket-vfs.js';
import { writeInParts } from '../shared/bucket/part-writer.js';
import { bucketOpener } from '../shared/bucket/uri.js';
import { GcsClient } from './client.js';
import { GcsConditionalWrites } from './conditional.js';
import { gcsError } from './errors.js';
import { isLockKey, readLock, statLock } from './gcslock.js';
import { copyObject } from './move.js';
import { GcsObjects } from './objects.js';
import { resolveOptions, type GcsVfsOptions, type ResolvedGcsOptions } from './options.js';
import { GcsUpload } from './upload.js';

export type { GcsVfsOptions } from './options.js';

/** Files in a bucket of Google Cloud Storage, or of an emulator of it. Made by `gcsVfs`. */
export class GcsVfs extends BucketVfs {
  readonly #prefix: string;

  /**
   * Opens no connection.
   *
   * @throws {VfsError} `ERR_VFS_URI`: an option is unusable, or it cannot be combined with another one.
   */
  constructor(options: GcsVfsOptions) {
    const resolved = resolveOptions(options);
    const { bucket, prefix, conditionalDelete, isGoogle, endpoint, host, timeoutMs } = resolved;
    super(
      {
        ...{ scheme: 'gs', bucket, prefix, storeId: endpoint, host, timeoutMs, conditionalDelete },
        imitates: isGoogle ? undefined : 'Google',
      },
      bucketClient(resolved),
    );
    this.#prefix = prefix;
  }

  override check(path: string): void {
    super.check(path);
    if (/[\r\n]/.test(path)) throw badPath(path, 'has a line break, which the name of an object cannot have');
    if (`${this.#prefix}${path}`.startsWith('.well-known/acme-challenge/')) {
      throw badPath(path, 'is reserved by the store');
    }
  }
}

/**
 * Files in a bucket. Needs the package `@google-cloud/storage`, which the first call loads; until then no connection is made.
 *
 * @throws {VfsError} `ERR_VFS_URI`: an option is unusable, or it cannot be combined with another one.
 * @example
 * import { withLock, VfsFile } from 'vfs-lockfile';
 * import { gcsVfs } from 'vfs-lockfile/gcs';
 *
 * const vfs = gcsVfs({ bucket: 'my-bucket', prefix: 'inbox/' });
 * await withLock(new VfsFile(vfs, 'data.csv'), async (file) => {
 *   const { data } = await file.read();
 * });
 */
export function gcsVfs(options: GcsVfsOptions): GcsVfs {
  return new GcsVfs(options);
}

/**
 * The file of a `gs://bucket/key` URI, given with its decoded path. `openFile` calls it. Credentials are found by the SDK, the
 * endpoint in `STORAGE_EMULATOR_HOST`.
 *
 * @throws {VfsError} `ERR_VFS_URI`: the URI has no bucket, or an empty name in its key.
 */
export const openGcs = bucketOpener('gs', gcsVfs);

function bucketClient(options: ResolvedGcsOptions): BucketClient {
  const objects = new GcsObjects(new GcsClient(options), options.bucket);
  const conditional = new GcsConditionalWrites(objects, options);
  const isShared = (key: string): boolean => options.gcslock && isLockKey(key);
  return {
    permissions: PERMISSIONS,
    deleteReportsAbsence: true,
    get: (key, maxBytes, signal) =>
      isShared(key) ? readLock(objects, key, maxBytes, signal) : objects.get(key, maxBytes, signal),
    stat: (key, signal) => (isShared(key) ? statLock(objects, key, signal) : objects.stat(key, signal)),
    list: (prefix, recursive, signal) => objects.list(prefix, recursive, signal),
    chunks: (key, signal) => objects.chunks(key, signal),
    put: (key, version, data, signal, marks) => conditional.put(key, version, data, signal, marks),
    marked: (key, signal) => objects.marked(key, signal),
    remove: (key, version, signal) => conditional.remove(key, version, signal),
    upload: (key, source, signal) => writeInParts(new GcsUpload(objects, key, signal), source, signal),
    copy: async (from, to, seen, signal) => {
      await conditional.probe(to, signal);
      return copyObject(objects, from, to, { within: options.conditionalDelete, seen }, signal);
    },
    delete: (key, signal) => objects.delete(key, signal),
    fail: gcsError,
  };
}

const CREATE = 'storage.objects.create';
const DELETE = 'storage.objects.delete';
const LIST = 'storage.objects.list';
/** Without the permission to list, Google answers a request for a missing object with 403. */
const READ = ['storage.objects.get', LIST];

const PERMISSIONS: BucketClient['permissions'] = {
  read: READ,
  create: [CREATE],
  replace: [CREATE, DELETE],
  remove: [DELETE],
  stat: READ,
  list: [LIST],
  write: [CREATE, DELETE],
  commit: [...READ, CREATE, DELETE],
  move: [...READ, CREATE, DELETE],
  delete: [DELETE],
};

function badPath(path: string, problem: string): VfsError {
  return new VfsError('ERR_VFS_PATH', `the path ${quoted(path)} ${problem}`);
}
