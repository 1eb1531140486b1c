import { addAbortSignal, type Readable } from 'node:stream';

import type { Entry, Stat, Snapshot, Version } from '../vfs.js';
import { bytesOf } from './s3-body.js';
import { isAbsent } from './s3-errors.js';
import type { Common } from './s3-options.js';
import { S3Failure, type Reply, type S3Wire } from './s3-wire.js';

type Signal = AbortSignal | undefined;

/** An object as one GET saw it. */
export type ObjectImage = Omit<Snapshot, 'path'>;

/** The plain requests. Keys are whole ones. What the store refuses comes as `S3Failure`. */
export class S3Objects {
  readonly wire: S3Wire;
  readonly common: Common;

  constructor(wire: S3Wire, common: Common) {
    this.wire = wire;
    this.common = common;
  }

  /** Undefined: there is no such object. An answer that breaks off is asked for once more. */
  async get(Key: string, maxBytes: number, signal: Signal): Promise<ObjectImage | undefined> {
    for (let tries = 0; ; tries += 1) {
      const reply = await orAbsent(
        this.wire.send((sdk) => new sdk.GetObjectCommand({ ...this.common, Key }), { signal }),
      );
      if (reply === undefined) return undefined;
      try {
        return imageOf(reply.output, await bytesOf(reply.output.Body, maxBytes, signal), reply.nowMs);
      } catch (cause) {
        if (tries > 0 || signal?.aborted) throw new S3Failure(cause, ['unanswered']);
      }
    }
  }

  async stat(Key: string, signal: Signal): Promise<Stat | undefined> {
    const reply = await orAbsent(
      this.wire.send((sdk) => new sdk.HeadObjectCommand({ ...this.common, Key }), { signal }),
    );
    if (reply === undefined) return undefined;
    const { ContentLength = 0, LastModified } = reply.output;
    return { size: ContentLength, modifiedMs: LastModified?.getTime() ?? 0 };
  }

  async delete(Key: string, signal: Signal): Promise<void> {
    await this.wire.send((sdk) => new sdk.DeleteObjectCommand({ ...this.common, Key }), { signal });
  }

  /** Objects below a prefix, a page of at most a thousand at a time. */
  async *list(prefix: string, recursive: boolean, signal: Signal): AsyncGenerator<Entry> {
    const scope = { ...this.common, Prefix: prefix, EncodingType: 'url' as const, ...(recursive ? {} : DELIMITED) };
    let token: string | undefined;
    do {
      const more = token === undefined ? {} : { ContinuationToken: token };
      const { output } = await this.wire.send((sdk) => new sdk.ListObjectsV2Command({ ...scope, ...more }), { signal });
      const decode = output.EncodingType === 'url' ? urlDecoded : (key: string) => key;
      for (const { Key = '', Size = 0, LastModified } of output.Contents ?? []) {
        yield { path: decode(Key), size: Size, modifiedMs: LastModified?.getTime() ?? 0 };
      }
      token = output.NextContinuationToken;
    } while (token !== undefined);
  }

  async *pieces(Key: string, signal: Signal): AsyncGenerator<Uint8Array> {
    const { output } = await this.wire.send((sdk) => new sdk.GetObjectCommand({ ...this.common, Key }), { signal });
    const body = output.Body as Readable;
    if (signal) addAbortSignal(signal, body);
    yield* body;
  }
}

const DELIMITED = { Delimiter: '/' };

async function orAbsent<O>(reply: Promise<Reply<O>>): Promise<Reply<O> | undefined> {
  try {
    return await reply;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function imageOf(
  { ETag, LastModified }: { readonly ETag?: string | undefined; readonly LastModified?: Date | undefined },
  data: Uint8Array,
  nowMs: number | undefined,
): ObjectImage {
  return { data, version: versionOf(ETag), modifiedMs: LastModified?.getTime() ?? 0, nowMs };
}

/** The ETag, quotes included, as the store tells it. */
export function versionOf(etag: string | undefined): Version {
  if (etag) return etag as Version;
  throw new S3Failure(new Error('the store tells no ETag'), ['unanswered']);
}

function urlDecoded(key: string): string {
  return decodeURIComponent(key.replaceAll('+', '%20'));
}
