import type { Version } from '../../vfs/vfs.js';
import { PART_BYTES, type PartUpload } from '../shared/bucket/part-writer.js';
import { GcsFailure } from './errors.js';
import { versionOf, type GcsObjects, type InsertOptions } from './objects.js';

/** A single request, or a resumable upload where the object has more than one part. */
export class GcsUpload implements PartUpload {
  readonly partBytes = PART_BYTES;
  readonly #objects: GcsObjects;
  readonly #key: string;
  readonly #signal: AbortSignal | undefined;
  readonly #options: InsertOptions | undefined;
  /** The URL that the store gave to this upload. */
  #session: string | undefined;
  #stored = 0;
  #version: Version | undefined;

  constructor(objects: GcsObjects, key: string, signal: AbortSignal | undefined, options?: InsertOptions) {
    this.#objects = objects;
    this.#key = key;
    this.#signal = signal;
    this.#options = options;
  }

  /** The generation of the completed object. */
  get version(): Version {
    return versionOf({ generation: this.#version });
  }

  async send(part: Buffer): Promise<number> {
    this.#session ??= await this.#begin();
    return this.#put(part, '*');
  }

  async complete(rest: Buffer): Promise<void> {
    if (this.#session === undefined) {
      this.#version = await this.#objects.insert(this.#key, rest, this.#signal, this.#options);
      return;
    }
    const total = String(this.#stored + rest.byteLength);
    for (let left = rest; this.#version === undefined;) left = left.subarray(await this.#put(left, total));
  }

  async abandon(): Promise<void> {
    if (this.#session === undefined || this.#version !== undefined) return;
    await this.#objects.client.send({ method: 'DELETE', at: this.#session, once: true });
  }

  async #begin(): Promise<string> {
    const { details = {}, ifGenerationMatch } = this.#options ?? {};
    const query = { uploadType: 'resumable', name: this.#key, ifGenerationMatch };
    const headers = { 'Content-Type': 'application/json; charset=UTF-8' };
    const body = Buffer.from(JSON.stringify(details));
    const request = { method: 'POST', at: this.#objects.uploadPath, query, headers, body } as const;
    const { location } = (await this.#objects.client.send(request, this.#signal)).headers;
    if (location === undefined) throw new GcsFailure(new Error('the answer has no URL to upload to'));
    return location;
  }

  /** Sends bytes from where the store is. Resolves to how many of them it took, which may be fewer, but not none. */
  async #put(data: Buffer, total: string): Promise<number> {
    const end = this.#stored + data.byteLength;
    const range = `bytes ${String(this.#stored)}-${String(end - 1)}/${total}`;
    const stored = (await this.#storedAfter(data, range)) ?? end;
    const taken = stored - this.#stored;
    if (taken <= 0 || stored > end) throw new GcsFailure(new Error('the store loses its place in the upload'));
    this.#stored = stored;
    return taken;
  }

  /** How many bytes of the object the store has now; undefined: the object is complete. */
  async #storedAfter(body: Buffer, range: string): Promise<number | undefined> {
    const request = { method: 'PUT', at: this.#session ?? '', body, headers: { 'Content-Range': range } } as const;
    try {
      const reply = await this.#objects.client.send(request, this.#signal);
      this.#version = versionOf(reply.body);
      return undefined;
    } catch (error) {
      if (!(error instanceof GcsFailure) || error.status !== 308) throw error;
      return Number(/(\d+)$/.exec(error.headers.range ?? '')?.[1] ?? -1) + 1;
    }
  }
}
