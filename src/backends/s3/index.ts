import type { BucketClient } from '../shared/bucket/bucket-client.js';
import { BucketVfs } from '../shared/bucket/bucket-vfs.js';
import { writeInParts } from '../shared/bucket/part-writer.js';
import { bucketOpener } from '../shared/bucket/uri.js';
import { S3Client } from './client.js';
import { S3ConditionalWrites } from './conditional.js';
import { s3Error } from './errors.js';
import { copyObject } from './move.js';
import { S3Objects } from './objects.js';
import { resolveOptions, storeIdOf, type ResolvedS3Options, type S3VfsOptions } from './options.js';
import { S3Upload } from './upload.js';

export type { S3VfsOptions } from './options.js';

/** Files in a bucket of Amazon S3, or of a store that speaks its protocol. Made by `s3Vfs`. */
export class S3Vfs extends BucketVfs {
  readonly #client: S3Client;

  /**
   * Opens no connection.
   *
   * @throws {VfsError} `ERR_VFS_URI`: an option is unusable, or it cannot be combined with another one.
   */
  constructor(options: S3VfsOptions) {
    const resolved = resolveOptions(options);
    const client = new S3Client(resolved);
    const { bucket, prefix, conditionalDelete, isAws, host, timeoutMs } = resolved;
    const storeId = storeIdOf(resolved);
    super(
      {
        ...{ scheme: 's3', bucket, prefix, storeId, host, timeoutMs, conditionalDelete },
        imitates: isAws ? undefined : 'AWS',
      },
      bucketClient(client, resolved),
    );
    this.#client = client;
  }

  /** Closes the connections, except those of a client passed as an option. The next call opens new ones. */
  close(): Promise<void> {
    return this.#client.close();
  }
}

/**
 * Files in a bucket. Needs the package `@aws-sdk/client-s3`, which the first call loads; until then no connection is made.
 *
 * @throws {VfsError} `ERR_VFS_URI`: an option is unusable, or it cannot be combined with another one.
 * @example
 * import { withLock, VfsFile } from 'vfs-lockfile';
 * import { s3Vfs } from 'vfs-lockfile/s3';
 *
 * const vfs = s3Vfs({ bucket: 'my-bucket', prefix: 'inbox/' });
 * await withLock(new VfsFile(vfs, 'data.csv'), async (file) => {
 *   const { data } = await file.read();
 * });
 */
export function s3Vfs(options: S3VfsOptions): S3Vfs {
  return new S3Vfs(options);
}

/**
 * The file of an `s3://bucket/key` URI, given with its decoded path. `openFile` calls it. Credentials, region and endpoint are
 * found by the SDK, in the environment and the AWS settings files.
 *
 * @throws {VfsError} `ERR_VFS_URI`: the URI has no bucket, or an empty name in its key.
 */
export const openS3 = bucketOpener('s3', s3Vfs);

function bucketClient(client: S3Client, options: ResolvedS3Options): BucketClient {
  const objects = new S3Objects(client, options.common);
  const conditional = new S3ConditionalWrites(objects, options);
  return {
    permissions: PERMISSIONS,
    deleteReportsAbsence: false,
    get: (key, maxBytes, signal) => objects.get(key, maxBytes, signal),
    stat: (key, signal) => objects.stat(key, signal),
    list: (prefix, recursive, signal) => objects.list(prefix, recursive, signal),
    chunks: (key, signal) => objects.chunks(key, signal),
    put: (key, version, data, signal, marks) =>
      conditional.put(key, version, data, signal, marks && { Metadata: { ...marks } }),
    marked: (key, signal) => objects.marked(key, signal),
    remove: (key, version, signal) => conditional.remove(key, version, signal),
    upload: (key, source, signal) => writeInParts(new S3Upload(objects, key, signal), source, signal),
    copy: (from, to, seen, signal) => copyObject(objects, conditional, from, to, seen, signal),
    delete: async (key, signal) => {
      await objects.delete(key, signal);
      return true;
    },
    fail: s3Error,
  };
}

const PERMISSIONS: BucketClient['permissions'] = {
  read: ['s3:GetObject'],
  create: ['s3:PutObject'],
  replace: ['s3:GetObject', 's3:PutObject'],
  remove: ['s3:GetObject', 's3:DeleteObject'],
  stat: ['s3:GetObject'],
  list: ['s3:ListBucket'],
  write: ['s3:PutObject', 's3:AbortMultipartUpload'],
  commit: ['s3:GetObject', 's3:PutObject'],
  move: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
  delete: ['s3:GetObject', 's3:DeleteObject'],
};
