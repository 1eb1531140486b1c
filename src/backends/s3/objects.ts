import { addAbortSignal, type Readable } from 'node:stream';

import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';

import type { Entry, Stat, Version } from '../../vfs/vfs.js';
import type { ObjectImage } from '../shared/bucket/bucket-client.js';
import type { MarkedObject } from '../shared/bucket/commit.js';
import { withinLimit } from '../shared/bucket/call-limit.js';
import { unlessAbsent } from '../shared/bucket/errors.js';
import type { S3Client } from './client.js';
import { S3Failure } from './errors.js';
import type { CommonInput } from './options.js';

type Signal = AbortSignal | undefined;

/** The requests without a condition. Keys are whole keys. Each rejects with `S3Failure`. */
export class S3Objects {
  readonly client: S3Client;
  readonly common: CommonInput;

  constructor(client: S3Client, common: CommonInput) {
    this.client = client;
    this.common = common;
  }

  /** Undefined: there is no such object. A response that ends early is requested once more. */
  async get(Key: string, maxBytes: number, signal: Signal): Promise<ObjectImage | undefined> {
    for (let tries = 0; ; tries += 1) {
      const reply = await unlessAbsent(
        this.client.send((sdk) => new sdk.GetObjectCommand({ ...this.common, Key }), { signal }),
      );
      if (reply === undefined) return undefined;
      const { ETag, LastModified, Body } = reply.output;
      try {
        const data = await bytesOf(Body, maxBytes, signal);
        const modifiedMs = LastModified?.getTime();
        // Without the one time the other says nothing: such a store has no clock.
        return { data, version: versionOf(ETag), modifiedMs: modifiedMs ?? 0, nowMs: modifiedMs && reply.nowMs };
      } catch (cause) {
        if (tries > 0 || signal?.aborted) throw new S3Failure(cause, ['unanswered']);
      }
    }
  }

  async stat(Key: string, signal: Signal): Promise<Stat | undefined> {
    const reply = await unlessAbsent(
      this.client.send((sdk) => new sdk.HeadObjectCommand({ ...this.common, Key }), { signal }),
    );
    if (reply === undefined) return undefined;
    const { ContentLength = 0, LastModified, ETag } = reply.output;
    return {
      size: ContentLength,
      modifiedMs: timeIn(LastModified),
      version: ETag as Version | undefined,
    };
  }

  /** The version and metadata of an object. */
  async marked(Key: string, signal: Signal): Promise<MarkedObject | undefined> {
    const input = { ...this.common, Key };
    const reply = await unlessAbsent(this.client.send((sdk) => new sdk.HeadObjectCommand(input), { signal }));
    return reply && { version: versionOf(reply.output.ETag), marks: reply.output.Metadata ?? {} };
  }

  async delete(Key: string, signal: Signal): Promise<void> {
    await this.client.send((sdk) => new sdk.DeleteObjectCommand({ ...this.common, Key }), { signal });
  }

  /** The objects below a prefix, requested in pages of at most 1000. */
  async *list(prefix: string, recursive: boolean, signal: Signal): AsyncGenerator<Entry> {
    const scope = { ...this.common, Prefix: prefix, EncodingType: 'url' as const, ...(recursive ? {} : DELIMITED) };
    let token: string | undefined;
    do {
      const input = { ...scope, ...(token === undefined ? {} : { ContinuationToken: token }) };
      const { output } = await withinLimit(this.client.timeoutMs, signal, (ending) =>
        this.client.send((sdk) => new sdk.ListObjectsV2Command(input), { signal: ending }),
      );
      const decode = output.EncodingType === 'url' ? urlDecoded : (key: string) => key;
      for (const { Key = '', Size = 0, LastModified } of output.Contents ?? []) {
        yield { path: decode(Key), size: Size, modifiedMs: timeIn(LastModified) };
      }
      token = output.NextContinuationToken;
    } while (token !== undefined);
  }

  /**
   * The bytes of one version of an object. The store closes a connection that a slow reader leaves silent, so a response that
   * ends early is requested again from there on, as long as each response brings some bytes.
   */
  async *chunks(Key: string, signal: Signal): AsyncGenerator<Uint8Array> {
    let version: string | undefined;
    for (let from = 0; ;) {
      const input = { ...this.common, Key, ...(from === 0 ? {} : { Range: `bytes=${String(from)}-` }) };
      const { output } = await this.client.send((sdk) => new sdk.GetObjectCommand(input), { signal });
      const body = output.Body as Readable;
      if (signal) addAbortSignal(signal, body);
      version ??= output.ETag;
      try {
        if (from > 0 && !isRest(output, version, from)) throw new S3Failure(CHANGED, []);
        const source = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
        for (let received = 0; ;) {
          const next = await source.next().catch((error: unknown) => {
            if (received > 0 && !signal?.aborted) return undefined;
            throw error;
          });
          if (next === undefined) break;
          if (next.done) return;
          received += next.value.byteLength;
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

const DELIMITED = { Delimiter: '/' };

/** The bytes of a response, at most `maxBytes`. What is beyond is not received. */
export async function bytesOf(body: unknown, maxBytes: number, signal: Signal): Promise<Uint8Array> {
  const stream = body as Readable;
  if (signal) addAbortSignal(signal, stream);
  const pieces: Uint8Array[] = [];
  let total = 0;
  // Leaving the loop early closes the connection.
  for await (const piece of stream as AsyncIterable<Uint8Array>) {
    pieces.push(piece);
    total += piece.byteLength;
    if (total > maxBytes) break;
  }
  return Buffer.concat(pieces).subarray(0, maxBytes);
}

/** The ETag as the store returns it, quotes included. */
export function versionOf(etag: string | undefined): Version {
  if (etag) return etag as Version;
  throw new S3Failure(new Error('the answer has no ETag; is this an S3 endpoint?'), ['unanswered']);
}

/** NaN where the store reports no time. */
function timeIn(date: Date | undefined): number {
  return date?.getTime() ?? NaN;
}

function urlDecoded(key: string): string {
  return decodeURIComponent(key.replaceAll('+', '%20'));
}
