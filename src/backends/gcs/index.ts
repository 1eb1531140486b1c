import { Readable } from 'node:stream';

import { VfsError } from '../../vfs/errors.js';
import { checkPath, quoted } from '../../vfs/path.js';
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
import { gcsError, type RequestContext } from './errors.js';
import { copyObject } from './move.js';
import { GcsObjects } from './objects.js';
import { gcsTerms, type GcsTerms, type GcsVfsOptions } from './options.js';
import { GcsSwaps } from './conditional.js';
import { CHUNK_BYTES, uploadStream } from './upload.js';
import { GcsClient } from './client.js';

export type { GcsVfsOptions } from './options.js';

/** Files in a bucket of Google Cloud Storage, or of an emulator of it. */
export class GcsVfs implements Vfs {
  readonly scheme = 'gs';
  readonly storeId: string;
  readonly capabilities: Capabilities;
  readonly #terms: GcsTerms;
  readonly #objects: GcsObjects;
  readonly #swaps: GcsSwaps;

  constructor(options: GcsVfsOptions) {
    this.#terms = gcsTerms(options);
    this.storeId = this.#terms.endpoint;
    this.#objects = new GcsObjects(new GcsClient(this.#terms), this.#terms.bucket);
    this.#swaps = new GcsSwaps(this.#objects, this.#terms);
    this.capabilities = {
      create: 'atomic',
      replace: 'atomic',
      remove: this.#terms.conditionalDelete ? 'atomic' : 'none',
      move: 'copy',
      // The `Date` and the `Last-Modified` of an answer are whole seconds.
      clock: { source: 'store', resolutionMs: 1000 },
      durable: true,
      poll: { minMs: 1000, maxMs: 5000 },
      ...(this.#terms.isGoogle ? {} : { caveat: doubtOf('Google', this.#terms.conditionalDelete) }),
    };
  }

  check(path: string): void {
    const bytes = KEY_BYTES - Buffer.byteLength(this.#terms.prefix);
    checkPath(path, { nameBytes: bytes, pathBytes: bytes });
    if (/[\r\n]/.test(path)) throw unfitPath(path, 'has a line break, which no name of an object may have');
    if (this.#key(path).startsWith('.well-known/acme-challenge/')) throw unfitPath(path, 'is reserved by the store');
  }

  locate(path: string): string {
    return `gs://${this.#terms.bucket}/${this.#key(path).split('/').map(encodeURIComponent).join('/')}`;
  }

  read(path: string, { maxBytes = Infinity, signal }: ReadOptions = {}): Promise<Snapshot | undefined> {
    return this.#do('read', path, SEE, false, signal, async (key) => {
      const image = await this.#objects.get(key, maxBytes, signal);
      return image && { ...image, path };
    });
  }

  create(path: string, data: Uint8Array, { signal }: CallOptions = {}): Promise<Written | undefined> {
    return this.#do('create', path, [CREATE], true, signal, (key) => this.#swaps.put(key, undefined, data, signal));
  }

  replace(
    path: string,
    version: Version,
    data: Uint8Array,
    { signal }: CallOptions = {},
  ): Promise<Written | undefined> {
    return this.#do('replace', path, [CREATE, DELETE], true, signal, (key) =>
      this.#swaps.put(key, version, data, signal),
    );
  }

  remove(path: string, version: Version, { signal }: CallOptions = {}): Promise<boolean> {
    return this.#do('remove', path, [DELETE], true, signal, (key) => {
      if (this.#terms.conditionalDelete) return this.#swaps.remove(key, version, signal);
      throw new VfsError('ERR_VFS_UNSUPPORTED', `cannot remove ${this.locate(path)} by its version: ${NO_REMOVE}`);
    });
  }

  stat(path: string, { signal }: CallOptions = {}): Promise<Stat | undefined> {
    return this.#do('stat', path, SEE, false, signal, async (key) => {
      const found = await this.#objects.stat(key, signal);
      return found && { size: found.size, modifiedMs: found.modifiedMs };
    });
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
      throw gcsError(this.#errand('list', folder, [LIST], false, signal), error);
    }
  }

  write(path: string, data: Uint8Array | AsyncIterable<Uint8Array>, { signal }: CallOptions = {}): Promise<void> {
    return this.#do('write', path, [CREATE, DELETE], true, signal, async (key) => {
      const source = data instanceof Uint8Array ? slices(Buffer.from(data)) : data;
      await uploadStream(this.#objects, key, source, signal);
    });
  }

  async move(from: string, to: string, { signal }: CallOptions = {}): Promise<void> {
    this.check(to);
    await this.#do('move', from, [...SEE, CREATE, DELETE], true, signal, async (key) => {
      await this.#swaps.prove(this.#key(to), signal);
      const within = this.#terms.conditionalDelete;
      const copied = await copyObject(this.#objects, key, this.#key(to), within, signal);
      if (copied === undefined) {
        const message = `cannot move ${this.locate(from)}: ${this.locate(to)} exists already`;
        throw new VfsError('ERR_VFS_EXISTS', message);
      }
      if (!within) {
        await this.#objects.delete(key, signal);
        return;
      }
      if (await this.#swaps.remove(key, copied.source, signal)) return;
      await this.#swaps.remove(this.#key(to), copied.target, signal);
      throw new VfsError('ERR_VFS_NOT_FOUND', `cannot move ${this.locate(from)}: it was changed or moved meanwhile`);
    });
  }

  delete(path: string, { signal }: CallOptions = {}): Promise<boolean> {
    return this.#do('delete', path, [DELETE], true, signal, (key) => this.#objects.delete(key, signal));
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
      throw gcsError(this.#errand('read', path, SEE, false, signal), error);
    }
  }

  async #do<T>(
    verb: string,
    path: string,
    permissions: readonly string[],
    changes: boolean,
    signal: AbortSignal | undefined,
    work: (key: string) => Promise<T>,
  ): Promise<T> {
    this.check(path);
    try {
      signal?.throwIfAborted();
      return await work(this.#key(path));
    } catch (error) {
      throw gcsError(this.#errand(verb, path, permissions, changes, signal), error);
    }
  }

  #errand(
    verb: string,
    path: string,
    permissions: readonly string[],
    changes: boolean,
    signal: AbortSignal | undefined,
  ): RequestContext {
    return { verb, shown: this.locate(path), bucket: this.#terms.bucket, permissions, changes, signal };
  }

  #key(path: string): string {
    return this.#terms.prefix + path;
  }

  /** Names that no path leads to, such as those that stand for folders, are nobody's files. */
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
export function gcsVfs(options: GcsVfsOptions): GcsVfs {
  return new GcsVfs(options);
}

const CREATE = 'storage.objects.create';
const DELETE = 'storage.objects.delete';
const LIST = 'storage.objects.list';
/** Who may not list is told of a missing object that it is forbidden. */
const SEE = ['storage.objects.get', LIST];

const NO_REMOVE = `the store is not known to hold the condition of a DELETE; set conditionalDelete: 'native' if it does`;

function unfitPath(path: string, problem: string): VfsError {
  return new VfsError('ERR_VFS_PATH', `the path ${quoted(path)} ${problem}`);
}

function* slices(data: Buffer): Generator<Uint8Array> {
  for (let at = 0; at < data.length; at += CHUNK_BYTES) yield data.subarray(at, at + CHUNK_BYTES);
}
