import { addAbortSignal, type Readable } from 'node:stream';

import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';

import type { Entry, Stat, Snapshot, Version } from '../../vfs/vfs.js';
import { bytesOf } from './body.js';
import { isAbsent } from './errors.js';
import type { Common } from './options.js';
import { S3Failure, type Reply, type S3Client } from './client.js';

type Signal = AbortSignal | undefined;

/** An object as one GET saw it. */
export type ObjectImage = Omit<Snapshot, 'path'>;

/** The plain requests. Keys are whole ones. What the store refuses comes as `S3Failure`. */
export class S3Objects {
  readonly wire: S3Client;
  readonly common: Common;

  constructor(wire: S3Client, common: Common) {
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

  /**
   * The bytes of one version of an object. What breaks off is asked for from there on, as long as something comes each time: a
   * connection that is left silent by a slow reader does not last.
   */
  async *pieces(Key: string, signal: Signal): AsyncGenerator<Uint8Array> {
    let version: string | undefined;
    for (let from = 0; ;) {
      const range = from === 0 ? {} : { Range: `bytes=${String(from)}-` };
      const input = { ...this.common, Key, ...range };
      const { output } = await this.wire.send((sdk) => new sdk.GetObjectCommand(input), { signal });
      const body = output.Body as Readable;
      if (signal) addAbortSignal(signal, body);
      version ??= output.ETag;
      try {
        if (from > 0 && !isRest(output, version, from)) throw new S3Failure(CHANGED, []);
        const source = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
        for (let come = 0; ;) {
          const next = await source.next().catch((error: unknown) => brokenOff(error, come > 0 && !signal?.aborted));
          if (next === 'again') break;
          if (next.done) return;
          come += next.value.byteLength;
          from += next.value.byteLength;
          yield next.value;
        }
      } finally {
        body.destroy();
      }
    }
  }
}

const CHANGED = new Error('it was changed while it was read');

function isRest(output: GetObjectCommandOutput, version: string | undefined, from: number): boolean {
  return output.ETag === version && output.ContentRange?.startsWith(`bytes ${String(from)}-`) === true;
}

function brokenOff(error: unknown, mayGoOn: boolean): 'again' {
  if (mayGoOn) return 'again';
  throw error;
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
