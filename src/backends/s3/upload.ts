import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { S3Objects } from './objects.js';
import type { Common } from './options.js';
import { S3Failure } from './client.js';

/** Up to here an object goes in one request; longer ones in parts, each of which waits in memory until it is sent. */
export const PART_BYTES = 8 * 1024 * 1024;

/** The store takes 10,000 parts, so they double in size after each quarter: 300 GB in the end. */
const PARTS_OF_A_SIZE = 2500;

interface Part {
  readonly PartNumber: number;
  readonly ETag: string | undefined;
}

/** Writes an object as its bytes come, so that nobody sees it before it is complete. */
export async function uploadStream(
  objects: S3Objects,
  Key: string,
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const upload = new Upload(objects, Key, signal);
  try {
    await pipeline(source, upload, { signal });
  } catch (error) {
    await upload.abandon();
    // The last request may have been on its way.
    throw upload.completing && !(error instanceof S3Failure) ? new S3Failure(error, ['unanswered']) : error;
  }
}

class Upload extends Writable {
  readonly #objects: S3Objects;
  readonly #name: Common & { readonly Key: string };
  readonly #signal: AbortSignal | undefined;
  readonly #parts: Part[] = [];
  #id: string | undefined;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #sending: Promise<void> = Promise.resolve();
  completing = false;

  constructor(objects: S3Objects, Key: string, signal: AbortSignal | undefined) {
    super({ highWaterMark: 1 });
    this.#objects = objects;
    this.#name = { ...objects.common, Key };
    this.#signal = signal;
  }

  override _write(piece: Uint8Array, _encoding: unknown, done: (error?: Error) => void): void {
    this.#waiting.push(piece);
    this.#waitingBytes += piece.byteLength;
    if (this.#waitingBytes < this.#partBytes) done();
    else this.#run(() => this.#sendPart(), done);
  }

  override _final(done: (error?: Error) => void): void {
    this.completing = true;
    this.#run(() => this.#complete(), done);
  }

  /** Takes away what was sent, once nothing more is on its way. */
  async abandon(): Promise<void> {
    await this.#sending.catch(() => undefined);
    if (this.#id === undefined) return;
    const input = { ...this.#name, UploadId: this.#id };
    await this.#objects.wire.send((sdk) => new sdk.AbortMultipartUploadCommand(input)).catch(() => undefined);
  }

  get #partBytes(): number {
    return PART_BYTES * 2 ** Math.floor(this.#parts.length / PARTS_OF_A_SIZE);
  }

  #run(work: () => Promise<void>, done: (error?: Error) => void): void {
    this.#sending = work();
    this.#sending.then(() => done(), done);
  }

  async #sendPart(): Promise<void> {
    const { wire } = this.#objects;
    const [name, signal] = [this.#name, this.#signal];
    this.#id ??= (await wire.send((sdk) => new sdk.CreateMultipartUploadCommand(name), { signal })).output.UploadId;
    const PartNumber = this.#parts.length + 1;
    const input = { ...name, UploadId: this.#id, PartNumber, Body: this.#taken() };
    const { output } = await wire.send((sdk) => new sdk.UploadPartCommand(input), { signal });
    this.#parts.push({ PartNumber, ETag: output.ETag });
  }

  async #complete(): Promise<void> {
    const { wire } = this.#objects;
    const [name, signal] = [this.#name, this.#signal];
    if (this.#id === undefined) {
      const input = { ...name, Body: this.#taken() };
      await wire.send((sdk) => new sdk.PutObjectCommand(input), { signal });
      return;
    }
    if (this.#waitingBytes > 0) await this.#sendPart();
    const input = { ...name, UploadId: this.#id, MultipartUpload: { Parts: this.#parts.map((part) => ({ ...part })) } };
    await wire.send((sdk) => new sdk.CompleteMultipartUploadCommand(input), { signal });
    this.#id = undefined;
  }

  #taken(): Buffer {
    const body = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    return body;
  }
}
