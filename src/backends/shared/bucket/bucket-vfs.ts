import { Readable } from 'node:stream';

import { VfsError } from '../../../vfs/errors.js';
import { checkPath } from '../../../vfs/path.js';
import type { CommitLock, CommitOutcome } from '../../../vfs/commit.js';
import type {
  CallOptions,
  Capabilities,
  Entry,
  ListOptions,
  MoveOptions,
  ReadOptions,
  Snapshot,
  Stat,
  Version,
  Vfs,
  Written,
} from '../../../vfs/vfs.js';
import { moveRefusal } from '../moves.js';
import { CallTimeout, withinLimit } from './call-limit.js';
import type { BucketClient, BucketVerb } from './bucket-client.js';
import { collect, commitObject } from './commit.js';
import { knownTime, silenceMessage } from './errors.js';
import { KEY_BYTES } from './probe.js';

type Signal = AbortSignal | undefined;

const READING: readonly BucketVerb[] = ['read', 'stat', 'list'];

/** Above these sizes, in bytes, a read ends only by silence, and a conditional write has `LARGE_FACTOR` times the time limit. */
const LARGE_READ_BYTES = 1024 * 1024;
const LARGE_WRITE_BYTES = 64 * 1024;
const LARGE_FACTOR = 12;

/** What differs between the buckets of one backend. */
export interface BucketSettings {
  readonly scheme: 's3' | 'gs';
  readonly bucket: string;
  readonly prefix: string;
  readonly storeId: string;
  /** Names the store where it does not answer. */
  readonly host: string;
  /** How long a call of few requests may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether the store is relied on to check the condition of a DELETE. */
  readonly conditionalDelete: boolean;
  /** Whose protocol the store speaks, where it is not theirs. */
  readonly imitates: 'AWS' | 'Google' | undefined;
}

/** The part of the S3 and GCS backends that does not depend on the protocol: paths, errors, and the order of requests. */
export abstract class BucketVfs implements Vfs {
  readonly scheme: string;
  readonly storeId: string;
  readonly capabilities: Capabilities;
  readonly #settings: BucketSettings;
  readonly #client: BucketClient;

  constructor(settings: BucketSettings, client: BucketClient) {
    this.#settings = settings;
    this.#client = client;
    this.scheme = settings.scheme;
    this.storeId = settings.storeId;
    this.capabilities = {
      create: 'atomic',
      replace: 'atomic',
      remove: settings.conditionalDelete ? 'atomic' : 'none',
      move: 'copy',
      // The `Date` and `Last-Modified` headers are in whole seconds.
      clock: { source: 'store', resolutionMs: 1000 },
      durable: true,
      poll: { minMs: 1000, maxMs: 5000 },
      ...(settings.imitates ? { caveat: caveatOf(settings.imitates, settings.conditionalDelete) } : {}),
    };
  }

  check(path: string): void {
    const bytes = KEY_BYTES - Buffer.byteLength(this.#settings.prefix);
    checkPath(path, { nameBytes: bytes, pathBytes: bytes });
  }

  locate(path: string): string {
    const key = this.#key(path).split('/').map(encodeURIComponent).join('/');
    return `${this.scheme}://${this.#settings.bucket}/${key}`;
  }

  read(path: string, { maxBytes = Infinity, signal }: ReadOptions = {}): Promise<Snapshot | undefined> {
    const limitMs = maxBytes > LARGE_READ_BYTES ? Infinity : this.#settings.timeoutMs;
    return this.#call('read', path, { signal, limitMs }, async (key, ending) => {
      const image = await this.#client.get(key, maxBytes, ending);
      return image && { ...image, path };
    });
  }

  create(path: string, data: Uint8Array, { signal }: CallOptions = {}): Promise<Written | undefined> {
    const limitMs = this.#limitOf(data);
    return this.#call('create', path, { signal, limitMs }, (key, ending) =>
      this.#client.put(key, undefined, data, ending),
    );
  }

  replace(
    path: string,
    version: Version,
    data: Uint8Array,
    { signal }: CallOptions = {},
  ): Promise<Written | undefined> {
    const limitMs = this.#limitOf(data);
    return this.#call('replace', path, { signal, limitMs }, (key, ending) =>
      this.#client.put(key, version, data, ending),
    );
  }

  remove(path: string, version: Version, { signal }: CallOptions = {}): Promise<boolean> {
    const limitMs = this.#settings.timeoutMs;
    return this.#call('remove', path, { signal, limitMs }, (key, ending) => {
      if (this.#settings.conditionalDelete) return this.#client.remove(key, version, ending);
      throw new VfsError('ERR_VFS_UNSUPPORTED', `cannot remove ${this.locate(path)} by its version: ${NO_REMOVE}`);
    });
  }

  stat(path: string, { signal }: CallOptions = {}): Promise<Stat | undefined> {
    const limitMs = this.#settings.timeoutMs;
    return this.#call('stat', path, { signal, limitMs }, async (key, ending) => {
      const found = await this.#client.stat(key, ending);
      return found && { size: found.size, modifiedMs: knownTime(found.modifiedMs), version: found.version };
    });
  }

  async *list(folder: string, { recursive = false, signal }: ListOptions = {}): AsyncGenerator<Entry> {
    if (folder !== '') this.check(folder);
    const prefix = this.#key(folder === '' ? '' : `${folder}/`);
    try {
      signal?.throwIfAborted();
      for await (const entry of this.#client.list(prefix, recursive, signal)) {
        signal?.throwIfAborted();
        const path = entry.path.slice(this.#settings.prefix.length);
        if (this.#isPath(path)) yield { ...entry, path, modifiedMs: knownTime(entry.modifiedMs) };
      }
    } catch (error) {
      throw this.#fail('list', folder, signal, error);
    }
  }

  write(path: string, data: Uint8Array | AsyncIterable<Uint8Array>, { signal }: CallOptions = {}): Promise<void> {
    const source = data instanceof Uint8Array ? [data] : data;
    return this.#call('write', path, { signal }, (key) => this.#client.upload(key, source, signal));
  }

  async commit(
    path: string,
    data: Uint8Array | AsyncIterable<Uint8Array>,
    { path: lock, maxBytes, isOurs, token }: CommitLock,
    { signal }: CallOptions = {},
  ): Promise<CommitOutcome> {
    this.check(path);
    const isHeld = async (): Promise<boolean> => {
      const held = await this.#client.get(this.#key(lock), maxBytes, signal);
      return held !== undefined && isOurs(held.data);
    };
    return this.#call('commit', path, { signal }, async (key) =>
      commitObject(this.#client, key, await collect(this.locate(path), data, signal), { token, isHeld, signal }),
    );
  }

  async move(from: string, to: string, { signal, ifUnchanged }: MoveOptions = {}): Promise<void> {
    this.check(to);
    const work = async (key: string): Promise<void> => {
      const ends = [this.locate(from), this.locate(to)] as const;
      const copied = await this.#client.copy(key, this.#key(to), ifUnchanged, signal);
      if (copied === 'exists') throw moveRefusal('ERR_VFS_EXISTS', ...ends);
      if (copied === 'changed') throw moveRefusal('ERR_VFS_CHANGED', ...ends);
      if (await this.#removeVersion(key, copied.source, signal)) return;
      if (copied.target) await this.#removeVersion(this.#key(to), copied.target, signal);
      const isThere = (await this.#client.stat(key, signal)) !== undefined;
      throw moveRefusal(isThere ? 'ERR_VFS_CHANGED' : 'ERR_VFS_NOT_FOUND', ...ends);
    };
    await this.#call('move', from, { signal, target: this.locate(to) }, work);
  }

  /** False: the object has another version, or is gone. Where no condition is checked, an upload within this round trip is not seen. */
  async #removeVersion(key: string, version: Version, signal: Signal): Promise<boolean> {
    if (this.#settings.conditionalDelete) return this.#client.remove(key, version, signal);
    if ((await this.#client.stat(key, signal))?.version !== version) return false;
    return this.#client.delete(key, signal);
  }

  delete(path: string, { signal }: CallOptions = {}): Promise<boolean> {
    const limitMs = this.#settings.timeoutMs;
    return this.#call('delete', path, { signal, limitMs }, async (key, ending) => {
      if (!this.#client.deleteReportsAbsence && !(await this.#client.stat(key, ending))) return false;
      return this.#client.delete(key, ending);
    });
  }

  readStream(path: string, { signal }: CallOptions = {}): Readable {
    return Readable.from(this.#chunks(path, signal), { objectMode: false });
  }

  async *#chunks(path: string, signal: Signal): AsyncGenerator<Uint8Array> {
    this.check(path);
    try {
      signal?.throwIfAborted();
      yield* this.#client.chunks(this.#key(path), signal);
    } catch (error) {
      throw this.#fail('read', path, signal, error);
    }
  }

  /** Without a limit of its own a call ends by the silence of one of its requests. */
  async #call<T>(
    verb: BucketVerb,
    path: string,
    {
      signal,
      limitMs = Infinity,
      target,
    }: { readonly signal: Signal; readonly limitMs?: number; readonly target?: string },
    work: (key: string, ending: Signal) => Promise<T>,
  ): Promise<T> {
    this.check(path);
    try {
      signal?.throwIfAborted();
      if (limitMs === Infinity) return await work(this.#key(path), signal);
      return await withinLimit(limitMs, signal, (ending) => work(this.#key(path), ending));
    } catch (error) {
      throw this.#fail(verb, path, signal, error, target);
    }
  }

  #limitOf(data: Uint8Array): number {
    return this.#settings.timeoutMs * (data.byteLength > LARGE_WRITE_BYTES ? LARGE_FACTOR : 1);
  }

  #fail(verb: BucketVerb, path: string, signal: Signal, error: unknown, target?: string): VfsError {
    const permissions = this.#client.permissions[verb];
    const changes = !READING.includes(verb);
    const { bucket, host } = this.#settings;
    const displayPath = target === undefined ? this.locate(path) : `${this.locate(path)} to ${target}`;
    const context = { verb, displayPath, bucket, host, permissions, changes };
    if (!(error instanceof CallTimeout)) return this.#client.fail({ ...context, signal }, error);
    const failed = this.#client.fail(context, error.cause);
    // The finding of a probe says more than the time-out.
    if (error.cause instanceof VfsError) return failed;
    const message = silenceMessage(verb, displayPath, host, error.limitMs);
    return new VfsError('ERR_VFS_TIMEOUT', message, { cause: failed.cause, effect: failed.effect });
  }

  #key(path: string): string {
    return this.#settings.prefix + path;
  }

  /** Some keys, such as those that stand for folders, have no path: they are left out of listings. */
  #isPath(path: string): boolean {
    try {
      this.check(path);
      return true;
    } catch {
      return false;
    }
  }
}

const NO_REMOVE = `the store may not check the condition of a DELETE; set conditionalDelete: 'native' if it does`;

/** What no probe can find out about a store that speaks the protocol of another. */
function caveatOf(maker: string, conditionalDelete: boolean): string {
  const sentences = [
    `This store is not ${maker}'s: one that checks a condition first and writes a moment later lets two writers win now and then, which no number of tries can rule out.`,
    'Only its makers can promise that conditional writes are atomic.',
  ];
  if (conditionalDelete) {
    sentences.push(
      "That a conditional DELETE is atomic, too, is your word (conditionalDelete: 'native'): Ceph RGW 20, for one, refuses a stale DELETE that comes alone, but not one that comes in a race.",
    );
  }
  return sentences.join(' ');
}
