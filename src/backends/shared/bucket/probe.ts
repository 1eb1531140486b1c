import { untilAborted } from '../../../util/abort.js';
import { freshId } from '../../../util/fresh-id.js';
import { VfsError } from '../../../vfs/errors.js';
import { stagedPath } from '../../../vfs/names.js';
import type { RequestContext } from './errors.js';

/** The longest key of an object, in bytes. Amazon's and Google's stores have the same limit. */
export const KEY_BYTES = 1024;

/** A key for a scratch object beside `key`, so that permissions by prefix cover it; in the root where that is too long. */
export function scratchKey(key: string): string {
  const beside = stagedPath(key, freshId());
  return Buffer.byteLength(beside) <= KEY_BYTES ? beside : stagedPath('', freshId());
}

/** The error of a store that does not do what locks rely on. */
export function unfitStore(backend: string, found: 'does' | 'refuses' | 'answers 404 to', operation: string): VfsError {
  if (found === 'answers 404 to') {
    const message = `${backend}: the store ${found} ${operation}; is there such a bucket, and is the endpoint right?`;
    return new VfsError('ERR_VFS_NOT_FOUND', message);
  }
  const how = found === 'does' ? `does ${operation} in spite of the condition` : `refuses ${operation}`;
  return new VfsError('ERR_VFS_UNSUPPORTED', `${backend}: the store ${how}, so it cannot keep locks apart`);
}

/** The bucket of a store, and what locks in it need. */
export interface ProbedBucket {
  readonly scheme: 's3' | 'gs';
  readonly bucket: string;
  readonly host: string;
  readonly permissions: readonly string[];
  /** The error that a call throws for what one of its requests threw. */
  readonly fail: (context: RequestContext, error: unknown) => VfsError;
}

/** Runs a probe of a store once, when it is first needed, for all calls that need it. The call after a failure runs it again. */
export class SharedProbe<T> {
  readonly #bucket: ProbedBucket;
  readonly #probe: (key: string) => Promise<T>;
  #result: Promise<T> | undefined;

  /** `probe` makes its scratch objects beside the key that it is given. */
  constructor(bucket: ProbedBucket, probe: (key: string) => Promise<T>) {
    this.#bucket = bucket;
    this.#probe = probe;
  }

  /** An abort ends the waiting, not the probe, which other calls may wait for. */
  result(key: string, signal?: AbortSignal): Promise<T> {
    return untilAborted((this.#result ??= this.#run(key)), signal);
  }

  /** Discards the result and probes again. */
  repeat(key: string): Promise<T> {
    return (this.#result = this.#run(key));
  }

  async #run(key: string): Promise<T> {
    try {
      return await this.#probe(key);
    } catch (error) {
      this.#result = undefined;
      const { scheme, bucket, host, permissions, fail } = this.#bucket;
      const displayPath = `${scheme}://${bucket}`;
      const verb = 'try conditional writes in';
      throw fail({ verb, displayPath, bucket, host, permissions, changes: false }, error);
    }
  }
}
