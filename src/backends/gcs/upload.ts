import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { Version } from '../../vfs/vfs.js';
import { GcsFailure } from './failure.js';
import { versionOf, type GcsObjects, type InsertTerms } from './objects.js';

/** Up to here an object goes in one request; a longer one in pieces, each of which waits in memory until it is stored. */
export const CHUNK_BYTES = 8 * 1024 * 1024;

/** Writes an object as its bytes come, so that nobody sees it before it is complete. */
export async function uploadStream(
  objects: GcsObjects,
  key: string,
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  terms?: InsertTerms,
): Promise<Version> {
  const upload = new Upload(objects, key, signal, terms);
  try {
    await pipeline(source, upload, { signal });
  } catch (error) {
    await upload.abandon();
    // The last request may have been on its way.
    throw upload.completing && !(error instanceof GcsFailure) ? new GcsFailure(error, undefined) : error;
  }
  return versionOf({ generation: upload.generation });
}

class Upload extends Writable {
  readonly #objects: GcsObjects;
  readonly #key: string;
  readonly #signal: AbortSignal | undefined;
  readonly #terms: InsertTerms | undefined;
  /** The URL that a long upload was given. */
  #session: string | undefined;
  #stored = 0;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #sending: Promise<void> = Promise.resolve();
  completing = false;
  generation: string | undefined;

  constructor(objects: GcsObjects, key: string, signal: AbortSignal | undefined, terms: InsertTerms | undefined) {
    super({ highWaterMark: 1 });
    this.#objects = objects;
    this.#key = key;
    this.#signal = signal;
    this.#terms = terms;
  }

  override _write(piece: Uint8Array, _encoding: unknown, done: (error?: Error) => void): void {
    this.#waiting.push(piece);
    this.#waitingBytes += piece.byteLength;
    // The last piece has to be held back until it is known to be the last.
    if (this.#waitingBytes <= CHUNK_BYTES) done();
    else this.#run(() => this.#sendChunk(), done);
  }

  override _final(done: (error?: Error) => void): void {
    this.completing = true;
    this.#run(() => this.#complete(), done);
  }

  /** Gives back what the store keeps of an upload that will not be completed, once nothing more is on its way. */
  async abandon(): Promise<void> {
    await this.#sending.catch(() => undefined);
    if (this.#session === undefined || this.generation !== undefined) return;
    await this.#objects.wire.send({ method: 'DELETE', at: this.#session, once: true }).catch(() => undefined);
  }

  #run(work: () => Promise<void>, done: (error?: Error) => void): void {
    this.#sending = work();
    this.#sending.then(() => done(), done);
  }

  async #begin(): Promise<string> {
    const { about = {}, ifGenerationMatch } = this.#terms ?? {};
    const query = { uploadType: 'resumable', name: this.#key, ifGenerationMatch };
    const headers = { 'Content-Type': 'application/json; charset=UTF-8' };
    const request = { method: 'POST', at: this.#objects.uploads, query, headers } as const;
    const reply = await this.#objects.wire.send({ ...request, body: Buffer.from(JSON.stringify(about)) }, this.#signal);
    const { location } = reply.headers;
    if (location === undefined) throw new GcsFailure(new Error('the store tells no place to upload to'), undefined);
    return location;
  }

  async #sendChunk(): Promise<void> {
    this.#session ??= await this.#begin();
    while (this.#waitingBytes > CHUNK_BYTES) await this.#send(CHUNK_BYTES, '*');
  }

  async #complete(): Promise<void> {
    if (this.#session === undefined) {
      this.generation = await this.#objects.insert(this.#key, this.#gathered(), this.#signal, this.#terms);
      return;
    }
    const total = String(this.#stored + this.#waitingBytes);
    while (this.generation === undefined) await this.#send(this.#waitingBytes, total);
  }

  /** Sends so many of the bytes that wait. The store may take less of them, but not nothing. */
  async #send(bytes: number, total: string): Promise<void> {
    const data = this.#gathered();
    const until = this.#stored + bytes;
    const range = `bytes ${String(this.#stored)}-${String(until - 1)}/${total}`;
    const taken = (await this.#put(data.subarray(0, bytes), range)) ?? until;
    if (taken <= this.#stored || taken > until) throw new GcsFailure(new Error(LOST_PLACE), undefined);
    this.#waiting = [data.subarray(taken - this.#stored)];
    this.#waitingBytes = data.byteLength - (taken - this.#stored);
    this.#stored = taken;
  }

  /** How many bytes the store has by now; undefined: the object is complete. */
  async #put(body: Buffer, range: string): Promise<number | undefined> {
    const request = { method: 'PUT', at: this.#session ?? '', body, headers: { 'Content-Range': range } } as const;
    try {
      const reply = await this.#objects.wire.send(request, this.#signal);
      this.generation = versionOf(reply.body);
      return undefined;
    } catch (error) {
      if (!(error instanceof GcsFailure) || error.status !== 308) throw error;
      return Number(/(\d+)$/.exec(error.headers.range ?? '')?.[1] ?? -1) + 1;
    }
  }

  #gathered(): Buffer {
    const [only, ...more] = this.#waiting;
    return only && more.length === 0
      ? Buffer.from(only.buffer, only.byteOffset, only.byteLength)
      : Buffer.concat(this.#waiting);
  }
}

const LOST_PLACE = 'the store loses its place in the upload';
