import { clearTimeout, setTimeout } from 'node:timers';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import type { Entry, Stat, Version } from '../../vfs/vfs.js';
import type { ObjectImage } from '../shared/bucket/bucket-client.js';
import type { MarkedObject } from '../shared/bucket/commit.js';
import { unlessAbsent } from '../shared/bucket/errors.js';
import type { GcsClient, GcsStream } from './client.js';
import { GcsFailure } from './errors.js';

type Signal = AbortSignal | undefined;

/** The properties of an object that are used here, as the JSON API names them. */
interface Resource {
  readonly name?: string;
  readonly size?: string;
  readonly updated?: string;
  readonly generation?: string;
  readonly metageneration?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An object without its bytes. */
export interface ObjectAbout {
  readonly generation: string;
  readonly metageneration: string;
  readonly metadata: Readonly<Record<string, string | undefined>>;
  readonly size: number;
  readonly modifiedMs: number;
  /** The time of the store. */
  readonly nowMs: number | undefined;
}

/** What belongs to an object besides its bytes. */
export interface ObjectDetails {
  readonly cacheControl?: string;
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** The generation of an object that does not exist. */
export const NO_OBJECT = '0';

export interface InsertOptions {
  /** The only generation that the write may replace. */
  readonly ifGenerationMatch: string;
  readonly ifMetagenerationMatch?: string | undefined;
  readonly details?: ObjectDetails;
}

/** How much of a file one request asks for, so that little is sent in vain when a reader stops. */
const CHUNK_BYTES = 8 * 1024 * 1024;

/** More than a lock record ever has. */
const SMALL_BYTES = 64 * 1024;

/** The single requests for objects. Keys are whole keys. Each rejects with `GcsFailure`. */
export class GcsObjects {
  readonly client: GcsClient;
  readonly bucket: string;

  constructor(client: GcsClient, bucket: string) {
    this.client = client;
    this.bucket = bucket;
  }

  /** The path of an object in the JSON API. */
  pathOf(key: string): string {
    return `/storage/v1/b/${encodeURIComponent(this.bucket)}/o/${encodeURIComponent(key)}`;
  }

  get uploadPath(): string {
    return `/upload/storage/v1/b/${encodeURIComponent(this.bucket)}/o`;
  }

  /** Undefined: there is no such object. A response that ends early is requested once more. */
  async get(key: string, maxBytes: number, signal: Signal): Promise<ObjectImage | undefined> {
    for (let tries = 0; ; tries += 1) {
      const stream = await this.#open(key, Math.min(maxBytes, Number.MAX_SAFE_INTEGER), signal);
      if (stream === undefined) return undefined;
      try {
        const data = await wholeBody(stream, this.client.timeoutMs, signal);
        return imageOf(stream, data.subarray(0, maxBytes));
      } catch (error) {
        if (tries > 0 || signal?.aborted) throw error;
      }
    }
  }

  async stat(key: string, signal: Signal): Promise<(Stat & { readonly version: Version }) | undefined> {
    const query = { fields: 'size,updated,generation' };
    const request = { method: 'GET', at: this.pathOf(key), query, headers: FRESH } as const;
    const reply = await unlessAbsent(this.client.send(request, signal));
    if (reply === undefined) return undefined;
    const { size, updated = '' } = reply.body as Resource;
    return { size: Number(size ?? 0), modifiedMs: Date.parse(updated), version: versionOf(reply.body) };
  }

  /** The generation and metadata of an object. */
  async marked(key: string, signal: Signal): Promise<MarkedObject | undefined> {
    const query = { fields: 'generation,metadata' };
    const request = { method: 'GET', at: this.pathOf(key), query, headers: FRESH } as const;
    const reply = await unlessAbsent(this.client.send(request, signal));
    return reply && { version: versionOf(reply.body), marks: (reply.body as Resource).metadata ?? {} };
  }

  /** All of an object but its bytes. Undefined: there is no such object. */
  async about(key: string, signal: Signal): Promise<ObjectAbout | undefined> {
    const query = { fields: 'size,updated,generation,metageneration,metadata' };
    const request = { method: 'GET', at: this.pathOf(key), query, headers: FRESH } as const;
    const reply = await unlessAbsent(this.client.send(request, signal));
    if (reply === undefined) return undefined;
    const { size, updated = '', metageneration = '1', metadata = {} } = reply.body as Resource;
    const nowMs = Date.parse(reply.headers.date ?? '');
    return {
      ...{ generation: versionOf(reply.body), metageneration, metadata, size: Number(size ?? 0) },
      ...{ modifiedMs: Date.parse(updated), nowMs: Number.isNaN(nowMs) ? undefined : nowMs },
    };
  }

  /** Writes an object in one request: unconditionally without `options`. */
  async insert(key: string, data: Uint8Array, signal: Signal, options?: InsertOptions): Promise<Version> {
    const request = { method: 'POST', at: this.uploadPath } as const;
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const query = {
      uploadType: options ? 'multipart' : 'media',
      name: key,
      ifGenerationMatch: options?.ifGenerationMatch,
      ifMetagenerationMatch: options?.ifMetagenerationMatch,
    };
    // A body in parts is a stream, which cannot be sent a second time.
    const { body } = await this.client.send(
      options
        ? {
            ...request,
            query,
            parts: [options.details ?? {}, Readable.from([bytes])],
            once: true,
            large: bytes.length > SMALL_BYTES,
          }
        : { ...request, query, body: bytes, headers: { 'Content-Type': 'application/octet-stream' } },
      signal,
    );
    return versionOf(body);
  }

  /** Deletes an object, where given only this generation of it. False: there was none. */
  async delete(key: string, signal: Signal, conditions: Partial<InsertOptions> = {}): Promise<boolean> {
    const { ifGenerationMatch, ifMetagenerationMatch } = conditions;
    const query = { ifGenerationMatch, ifMetagenerationMatch };
    const once = ifGenerationMatch !== undefined;
    const request = { method: 'DELETE', at: this.pathOf(key), query, once } as const;
    return (await unlessAbsent(this.client.send(request, signal))) !== undefined;
  }

  /** The objects below a prefix, requested in pages of at most 1000. */
  async *list(prefix: string, recursive: boolean, signal: Signal): AsyncGenerator<Entry> {
    const at = `/storage/v1/b/${encodeURIComponent(this.bucket)}/o`;
    const fields = 'items(name,size,updated),nextPageToken';
    const scope = { prefix, maxResults: '1000', fields, delimiter: recursive ? undefined : '/' };
    let pageToken: string | undefined;
    do {
      const { body } = await this.client.send(
        { method: 'GET', at, query: { ...scope, pageToken }, quick: true },
        signal,
      );
      const page = body as { readonly items?: readonly Resource[]; readonly nextPageToken?: string };
      for (const { name = '', size, updated = '' } of page.items ?? []) {
        yield { path: name, size: Number(size ?? 0), modifiedMs: Date.parse(updated) };
      }
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined && pageToken !== '');
  }

  /**
   * The bytes of one generation, by default the present one, in one request per 8 MiB. Rejects with 404 where there is no
   * object, or no longer this generation of it.
   */
  async *chunks(key: string, signal: Signal, version?: Version): AsyncGenerator<Uint8Array> {
    let generation: string | undefined = version;
    let [from, size] = [0, Infinity];
    while (from < size) {
      const request = { method: 'GET', at: this.pathOf(key), query: { alt: 'media', generation } } as const;
      const range = `bytes=${String(from)}-${String(from + CHUNK_BYTES - 1)}`;
      const stream = await this.client.open({ ...request, headers: { ...FRESH, Range: range } }, signal);
      if (stream.status === 416 && from === 0) return stream.body.resume();
      if (stream.status > 299) throw await refusalOf(stream);
      generation ??= stream.headers['x-goog-generation'];
      size = sizeOf(stream);
      const until = Math.min(from + CHUNK_BYTES, stream.status === 206 ? size : Infinity);
      for await (const piece of bodyOf(stream, this.client.timeoutMs, signal)) {
        from += piece.byteLength;
        yield piece;
      }
      if (stream.status === 200) return;
      if (from !== until) throw endedEarly();
    }
  }

  async #open(key: string, bytes: number, signal: Signal): Promise<GcsStream | undefined> {
    const request = { method: 'GET', at: this.pathOf(key), query: { alt: 'media' } } as const;
    const range = { Range: `bytes=0-${String(Math.max(bytes, 1) - 1)}` };
    let stream = await this.client.open({ ...request, headers: { ...FRESH, ...range } }, signal);
    if (stream.status === 416) {
      // An empty object has no first byte to ask for.
      stream.body.resume();
      stream = await this.client.open({ ...request, headers: FRESH }, signal);
    }
    if (stream.status <= 299) return stream;
    const refusal = await refusalOf(stream);
    if (refusal.absent) return undefined;
    throw refusal;
  }
}

/** Asks for the object as it is stored, not for the copy of a cache. */
const FRESH = { 'Cache-Control': 'no-store', 'Accept-Encoding': 'gzip' };

export function versionOf(resource: unknown): Version {
  const { generation } = (resource ?? {}) as Resource;
  if (typeof generation === 'string' && generation !== '') return generation as Version;
  throw new GcsFailure(new Error('the answer has no generation; is this a Google Cloud Storage endpoint?'));
}

function imageOf({ headers }: GcsStream, data: Uint8Array): ObjectImage {
  const version = versionOf({ generation: headers['x-goog-generation'] });
  const nowMs = Date.parse(headers.date ?? '');
  const modifiedMs = Date.parse(headers['last-modified'] ?? '');
  return {
    ...{ data, version, modifiedMs: Number.isNaN(modifiedMs) ? 0 : modifiedMs },
    // Without the one time the other says nothing: such a store has no clock.
    nowMs: Number.isNaN(nowMs) || Number.isNaN(modifiedMs) ? undefined : nowMs,
  };
}

/** Ends a body that falls silent, because the SDK's streams do not report a broken connection. */
async function* bodyOf({ body }: GcsStream, silenceMs: number, signal: Signal): AsyncGenerator<Uint8Array> {
  const stop = (): void => void body.destroy(new Error('aborted'));
  const fallSilent = (): void => void body.destroy(new Error(ENDED_EARLY));
  let silence = setTimeout(fallSilent, silenceMs);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const piece of body as AsyncIterable<Uint8Array>) {
      // The consumer may take as long as it likes over a piece.
      clearTimeout(silence);
      yield piece;
      silence = setTimeout(fallSilent, silenceMs);
    }
  } catch (error) {
    throw new GcsFailure(error);
  } finally {
    clearTimeout(silence);
    signal?.removeEventListener('abort', stop);
  }
}

async function wholeBody(stream: GcsStream, silenceMs: number, signal: Signal): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bodyOf(stream, silenceMs, signal)) pieces.push(piece);
  const data = Buffer.concat(pieces);
  const announced = stream.headers['content-length'];
  if (announced !== undefined && Number(announced) !== data.byteLength) throw endedEarly();
  return data;
}

const ENDED_EARLY = 'the response ended early';

function endedEarly(): GcsFailure {
  return new GcsFailure(new Error(ENDED_EARLY));
}

/** The size of the whole object, of which the answer may have a part. */
function sizeOf({ headers }: GcsStream): number {
  const [, size] = /\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  return size === undefined ? Infinity : Number(size);
}

async function refusalOf({ status, headers, body }: GcsStream): Promise<GcsFailure> {
  const text = (await buffer(body).catch(() => Buffer.from(''))).toString().slice(0, 1000);
  return new GcsFailure(new Error(text.trim() || 'no message'), { statusCode: status, headers });
}
