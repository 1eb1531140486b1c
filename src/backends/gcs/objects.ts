import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import type { Entry, Snapshot, Stat, Version } from '../../vfs/vfs.js';
import { GcsFailure } from './failure.js';
import { isAbsent } from './errors.js';
import type { GcsStream, GcsClient } from './client.js';

type Signal = AbortSignal | undefined;

/** An object as one GET saw it. */
export type ObjectImage = Omit<Snapshot, 'path'>;

/** What the JSON API tells of an object, as far as it is used here. */
interface Resource {
  readonly name?: string;
  readonly size?: string;
  readonly updated?: string;
  readonly generation?: string;
}

/** What belongs to an object besides its bytes. */
export interface ObjectDetails {
  readonly cacheControl?: string;
  readonly contentType?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What a write is bound to. */
export interface InsertTerms {
  /** The generation that it overwrites: 0 for none. */
  readonly ifGenerationMatch: string;
  readonly about?: ObjectDetails;
}

/** How much of a file is asked for at once, so that who stops reading leaves little on its way. */
const PIECE_BYTES = 8 * 1024 * 1024;

/** What a lock's record never exceeds. */
const SMALL_BYTES = 64 * 1024;

/** The plain requests. Keys are whole ones. What the store refuses comes as `GcsFailure`. */
export class GcsObjects {
  readonly wire: GcsClient;
  readonly bucket: string;

  constructor(wire: GcsClient, bucket: string) {
    this.wire = wire;
    this.bucket = bucket;
  }

  at(key: string): string {
    return `/storage/v1/b/${encodeURIComponent(this.bucket)}/o/${encodeURIComponent(key)}`;
  }

  get uploads(): string {
    return `/upload/storage/v1/b/${encodeURIComponent(this.bucket)}/o`;
  }

  /** Undefined: there is no such object. An answer that breaks off is asked for once more. */
  async get(key: string, maxBytes: number, signal: Signal): Promise<ObjectImage | undefined> {
    for (let tries = 0; ; tries += 1) {
      const stream = await this.#open(key, Math.min(maxBytes, Number.MAX_SAFE_INTEGER), signal);
      if (stream === undefined) return undefined;
      try {
        const data = await wholeBody(stream, this.wire.timeoutMs, signal);
        return imageOf(stream, data.subarray(0, maxBytes));
      } catch (error) {
        if (tries > 0 || signal?.aborted) throw error;
      }
    }
  }

  async stat(key: string, signal: Signal): Promise<(Stat & { readonly version: Version }) | undefined> {
    const query = { fields: 'size,updated,generation' };
    try {
      const { body } = await this.wire.send({ method: 'GET', at: this.at(key), query, headers: FRESH }, signal);
      const { size, updated = '' } = body as Resource;
      return { size: Number(size), modifiedMs: Date.parse(updated), version: versionOf(body) };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  /** Writes an object in one request, where it is as `terms` say. */
  async insert(key: string, data: Uint8Array, signal: Signal, terms?: InsertTerms): Promise<Version> {
    const request = { method: 'POST', at: this.uploads } as const;
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const query = { uploadType: terms ? 'multipart' : 'media', name: key, ifGenerationMatch: terms?.ifGenerationMatch };
    // A body in parts is a stream, which cannot be sent a second time.
    const { body } = await this.wire.send(
      terms
        ? {
            ...request,
            query,
            parts: [terms.about ?? {}, Readable.from([bytes])],
            once: true,
            large: bytes.length > SMALL_BYTES,
          }
        : { ...request, query, body: bytes, headers: { 'Content-Type': 'application/octet-stream' } },
      signal,
    );
    return versionOf(body);
  }

  /** False: there was none. */
  async delete(key: string, signal: Signal, ifGenerationMatch?: string): Promise<boolean> {
    try {
      const once = ifGenerationMatch !== undefined;
      await this.wire.send({ method: 'DELETE', at: this.at(key), query: { ifGenerationMatch }, once }, signal);
      return true;
    } catch (error) {
      if (isAbsent(error)) return false;
      throw error;
    }
  }

  /** Objects below a prefix, a page of at most a thousand at a time. */
  async *list(prefix: string, recursive: boolean, signal: Signal): AsyncGenerator<Entry> {
    const at = `/storage/v1/b/${encodeURIComponent(this.bucket)}/o`;
    const fields = 'items(name,size,updated),nextPageToken';
    const scope = { prefix, maxResults: '1000', fields, delimiter: recursive ? undefined : '/' };
    let pageToken: string | undefined;
    do {
      const { body } = await this.wire.send({ method: 'GET', at, query: { ...scope, pageToken } }, signal);
      const page = body as { readonly items?: readonly Resource[]; readonly nextPageToken?: string };
      for (const { name = '', size, updated = '' } of page.items ?? []) {
        yield { path: name, size: Number(size), modifiedMs: Date.parse(updated) };
      }
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined && pageToken !== '');
  }

  /**
   * The bytes of one generation, by default the present one, asked for piece by piece. Rejects with a 404 when there is no
   * object, or no longer that one.
   */
  async *pieces(key: string, signal: Signal, version?: Version): AsyncGenerator<Uint8Array> {
    let generation: string | undefined = version;
    let [from, size] = [0, Infinity];
    while (from < size) {
      const request = { method: 'GET', at: this.at(key), query: { alt: 'media', generation } } as const;
      const range = `bytes=${String(from)}-${String(from + PIECE_BYTES - 1)}`;
      const stream = await this.wire.open({ ...request, headers: { ...FRESH, Range: range } }, signal);
      if (stream.status === 416 && from === 0) return stream.body.resume();
      if (stream.status > 299) throw await refusalOf(stream);
      generation ??= stream.headers['x-goog-generation'];
      size = sizeOf(stream);
      const until = Math.min(from + PIECE_BYTES, stream.status === 206 ? size : Infinity);
      for await (const piece of bodyOf(stream, this.wire.timeoutMs, signal)) {
        from += piece.byteLength;
        yield piece;
      }
      if (stream.status === 200) return;
      if (from !== until) throw brokenOff();
    }
  }

  async #open(key: string, bytes: number, signal: Signal): Promise<GcsStream | undefined> {
    const request = { method: 'GET', at: this.at(key), query: { alt: 'media' } } as const;
    const range = { Range: `bytes=0-${String(Math.max(bytes, 1) - 1)}` };
    let stream = await this.wire.open({ ...request, headers: { ...FRESH, ...range } }, signal);
    if (stream.status === 416) {
      // An empty object has no first byte to begin with.
      stream.body.resume();
      stream = await this.wire.open({ ...request, headers: FRESH }, signal);
    }
    if (stream.status <= 299) return stream;
    const refusal = await refusalOf(stream);
    if (isAbsent(refusal)) return undefined;
    throw refusal;
  }
}

/** Ask for the object itself, as it is stored, and not for a cache's idea of it. */
const FRESH = { 'Cache-Control': 'no-store', 'Accept-Encoding': 'gzip' };

export function versionOf(resource: unknown): Version {
  const { generation } = (resource ?? {}) as Resource;
  if (typeof generation === 'string' && generation !== '') return generation as Version;
  throw new GcsFailure(new Error('the store tells no generation'), undefined);
}

function imageOf({ headers }: GcsStream, data: Uint8Array): ObjectImage {
  const version = versionOf({ generation: headers['x-goog-generation'] });
  const nowMs = Date.parse(headers.date ?? '');
  return {
    ...{ data, version, modifiedMs: Date.parse(headers['last-modified'] ?? '') },
    nowMs: Number.isNaN(nowMs) ? undefined : nowMs,
  };
}

/** The SDK's streams do not tell that a connection broke: they fall silent. */
async function* bodyOf({ body }: GcsStream, silenceMs: number, signal: Signal): AsyncGenerator<Uint8Array> {
  const stop = (): void => void body.destroy(new Error('aborted'));
  const fallSilent = (): void => void body.destroy(new Error('the answer breaks off'));
  let silence = setTimeout(fallSilent, silenceMs);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const piece of body as AsyncIterable<Uint8Array>) {
      // Whoever takes the pieces has all the time in the world.
      clearTimeout(silence);
      yield piece;
      silence = setTimeout(fallSilent, silenceMs);
    }
  } catch (error) {
    throw new GcsFailure(error, undefined);
  } finally {
    clearTimeout(silence);
    signal?.removeEventListener('abort', stop);
  }
}

async function wholeBody(stream: GcsStream, silenceMs: number, signal: Signal): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bodyOf(stream, silenceMs, signal)) pieces.push(piece);
  const data = Buffer.concat(pieces);
  const told = stream.headers['content-length'];
  if (told !== undefined && Number(told) !== data.byteLength) throw brokenOff();
  return data;
}

function brokenOff(): GcsFailure {
  return new GcsFailure(new Error('the answer breaks off'), undefined);
}

/** Of the whole object, of which the answer may carry a part. */
function sizeOf({ headers }: GcsStream): number {
  const [, size] = /\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  return size === undefined ? Infinity : Number(size);
}

async function refusalOf({ status, body }: GcsStream): Promise<GcsFailure> {
  const text = (await buffer(body).catch(() => Buffer.from(''))).toString().slice(0, 1000);
  return new GcsFailure(new Error(text.trim() || 'no word'), { statusCode: status });
}
