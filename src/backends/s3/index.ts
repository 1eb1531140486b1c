import { Readable } from 'node:stream';

import { VfsError } from '../../vfs/errors.js';
import { checkPath } from '../../vfs/path.js';
import type {
  CallOptions,
  Capabilities,
  Entry,
  ListOptions,
  ReadOptions,
  Snapshot,
  Stat,
  Version,
  Vfs,
  Written,
} from '../../vfs/vfs.js';
import { KEY_BYTES } from '../shared/bucket/keys.js';
import { doubtOf } from '../shared/bucket/caveat.js';
import { s3Error, type RequestContext } from './errors.js';
import { copyObject } from './move.js';
import { S3Objects } from './objects.js';
import { realmOf, s3Terms, type S3Terms, type S3VfsOptions } from './options.js';
import { S3Swaps } from './conditional.js';
import { PART_BYTES, uploadStream } from './upload.js';
import { S3Client } from './client.js';

export type { S3VfsOptions } from './options.js';

/** Files in a bucket of Amazon S3, or of a store that speaks its language. */
export class S3Vfs implements Vfs {
  readonly scheme = 's3';
  readonly storeId: string;
  readonly capabilities: Capabilities;
  readonly #terms: S3Terms;
  readonly #objects: S3Objects;
  readonly #swaps: S3Swaps;

  constructor(options: S3VfsOptions) {
    this.#terms = s3Terms(options);
    this.storeId = realmOf(this.#terms);
    this.#objects = new S3Objects(new S3Client(this.#terms), this.#terms.common);
    this.#swaps = new S3Swaps(this.#objects, this.#terms);
    this.capabilities = {
      create: 'atomic',
      replace: 'atomic',
      remove: this.#terms.conditionalDelete ? 'atomic' : 'none',
      move: 'copy',
      // Both times are whole seconds.
      clock: { source: 'store', resolutionMs: 1000 },
      durable: true,
      poll: { minMs: 1000, maxMs: 5000 },
      ...(this.#terms.isAws ? {} : { caveat: doubtOf('AWS', this.#terms.conditionalDelete) }),
    };
  }

  check(path: string): void {
    const bytes = KEY_BYTES - Buffer.byteLength(this.#terms.prefix);
    checkPath(path, { nameBytes: bytes, pathBytes: bytes });
  }

  locate(path: string): string {
    return `s3://${this.#terms.bucket}/${this.#key(path).split('/').map(encodeURIComponent).join('/')}`;
  }

  /** Closes the connections, unless the client was handed in. The next call makes new ones. */
  close(): Promise<void> {
    return this.#objects.wire.close();
  }

  read(path: string, { maxBytes = Infinity, signal }: ReadOptions = {}): Promise<Snapshot | undefined> {
    return this.#do('read', path, ['s3:GetObject'], false, signal, async (key) => {
      const image = await this.#objects.get(key, maxBytes, signal);
      return image && { ...image, path };
    });
  }

  create(path: string, data: Uint8Array, { signal }: CallOptions = {}): Promise<Written | undefined> {
    return this.#do('create', path, ['s3:PutObject'], true, signal, (key) =>
      this.#swaps.put(key, undefined, data, signal),
    );
  }

  replace(
    path: string,
    version: Version,
    data: Uint8Array,
    { signal }: CallOptions = {},
  ): Promise<Written | undefined> {
    return this.#do('replace', path, ['s3:GetObject', 's3:PutObject'], true, signal, (key) =>
      this.#swaps.put(key, version, data, signal),
    );
  }

  remove(path: string, version: Version, { signal }: CallOptions = {}): Promise<boolean> {
    return this.#do('remove', path, ['s3:GetObject', 's3:DeleteObject'], true, signal, (key) => {
      if (this.#terms.conditionalDelete) return this.#swaps.remove(key, version, signal);
      throw new VfsError('ERR_VFS_UNSUPPORTED', `cannot remove ${this.locate(path)} by its version: ${NO_REMOVE}`);
    });
  }

  stat(path: string, { signal }: CallOptions = {}): Promise<Stat | undefined> {
    return this.#do('stat', path, ['s3:GetObject'], false, signal, (key) => this.#objects.stat(key, signal));
  }

  async *list(folder: string, { recursive = false, signal }: ListOptions = {}): AsyncGenerator<Entry> {
    if (folder !== '') this.check(folder);
    const prefix = this.#key(folder === '' ? '' : `${folder}/`);
    try {
      signal?.throwIfAborted();
      for await (const entry of this.#objects.list(prefix, recursive, signal)) {
        signal?.throwIfAborted();
        const path = entry.path.slice(this.#terms.prefix.length);
        if (this.#isPath(path)) yield { ...entry, path };
      }
    } catch (error) {
      throw s3Error(this.#errand('list', folder, ['s3:ListBucket'], false, signal), error);
    }
  }

  write(path: string, data: Uint8Array | AsyncIterable<Uint8Array>, { signal }: CallOptions = {}): Promise<void> {
    return this.#do('write', path, ['s3:PutObject', 's3:AbortMultipartUpload'], true, signal, async (key) => {
      const source = data instanceof Uint8Array ? slices(Buffer.from(data)) : data;
      await uploadStream(this.#objects, key, source, signal);
    });
  }

  async move(from: string, to: string, { signal }: CallOptions = {}): Promise<void> {
    this.check(to);
    const actions = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'];
    await this.#do('move', from, actions, true, signal, async (key) => {
      const copied = await copyObject(this.#objects, this.#swaps, key, this.#key(to), signal);
      if (copied === undefined) {
        const message = `cannot move ${this.locate(from)}: ${this.locate(to)} exists already`;
        throw new VfsError('ERR_VFS_EXISTS', message);
      }
      if (!this.#terms.conditionalDelete) return this.#objects.delete(key, signal);
      if (await this.#swaps.remove(key, copied.source, signal)) return;
      if (copied.target) await this.#swaps.remove(this.#key(to), copied.target, signal);
      throw new VfsError('ERR_VFS_NOT_FOUND', `cannot move ${this.locate(from)}: it was changed or moved meanwhile`);
    });
  }

  delete(path: string, { signal }: CallOptions = {}): Promise<boolean> {
    return this.#do('delete', path, ['s3:GetObject', 's3:DeleteObject'], true, signal, async (key) => {
      if ((await this.#objects.stat(key, signal)) === undefined) return false;
      await this.#objects.delete(key, signal);
      return true;
    });
  }

  readStream(path: string, { signal }: CallOptions = {}): Readable {
    return Readable.from(this.#pieces(path, signal), { objectMode: false });
  }

  async *#pieces(path: string, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
    this.check(path);
    try {
      signal?.throwIfAborted();
      yield* this.#objects.pieces(this.#key(path), signal);
    } catch (error) {
      throw s3Error(this.#errand('read', path, ['s3:GetObject'], false, signal), error);
    }
  }

  async #do<T>(
    verb: string,
    path: string,
    actions: readonly string[],
    changes: boolean,
    signal: AbortSignal | undefined,
    work: (key: string) => Promise<T>,
  ): Promise<T> {
    this.check(path);
    try {
      signal?.throwIfAborted();
      return await work(this.#key(path));
    } catch (error) {
      throw s3Error(this.#errand(verb, path, actions, changes, signal), error);
    }
  }

  #errand(
    verb: string,
    path: string,
    actions: readonly string[],
    changes: boolean,
    signal: AbortSignal | undefined,
  ): RequestContext {
    return { verb, shown: this.locate(path), bucket: this.#terms.bucket, actions, changes, signal };
  }

  #key(path: string): string {
    return this.#terms.prefix + path;
  }

  /** Keys that no path leads to, such as those that stand for folders, are nobody's files. */
  #isPath(path: string): boolean {
    try {
      this.check(path);
      return true;
    } catch {
      return false;
    }
  }
}

/** Files in a bucket. Loads the SDK and makes no connection until it is asked to do something. */
export function s3Vfs(options: S3VfsOptions): S3Vfs {
  return new S3Vfs(options);
}

const NO_REMOVE = `the store is not known to hold the condition of a DELETE; set conditionalDelete: 'native' if it does`;

function* slices(data: Buffer): Generator<Uint8Array> {
  for (let at = 0; at < data.length; at += PART_BYTES) yield data.subarray(at, at + PART_BYTES);
}
