import { PART_BYTES, type PartUpload } from '../shared/bucket/part-writer.js';
import type { S3Objects } from './objects.js';
import type { CommonInput } from './options.js';

/** The store takes 10,000 parts, so they double in size after each quarter, which makes 300 GB in the end. */
const PARTS_OF_A_SIZE = 2500;

interface Part {
  readonly PartNumber: number;
  readonly ETag: string | undefined;
}

/** A PUT, or a multipart upload where the object has more than one part. */
export class S3Upload implements PartUpload {
  readonly #objects: S3Objects;
  readonly #name: CommonInput & { readonly Key: string };
  readonly #signal: AbortSignal | undefined;
  readonly #parts: Part[] = [];
  #id: string | undefined;

  constructor(objects: S3Objects, Key: string, signal: AbortSignal | undefined) {
    this.#objects = objects;
    this.#name = { ...objects.common, Key };
    this.#signal = signal;
  }

  get partBytes(): number {
    return PART_BYTES * 2 ** Math.floor(this.#parts.length / PARTS_OF_A_SIZE);
  }

  async send(part: Buffer): Promise<number> {
    const { client } = this.#objects;
    const [name, signal] = [this.#name, this.#signal];
    this.#id ??= (await client.send((sdk) => new sdk.CreateMultipartUploadCommand(name), { signal })).output.UploadId;
    const PartNumber = this.#parts.length + 1;
    const input = { ...name, UploadId: this.#id, PartNumber, Body: part };
    const { output } = await client.send((sdk) => new sdk.UploadPartCommand(input), { signal });
    this.#parts.push({ PartNumber, ETag: output.ETag });
    return part.byteLength;
  }

  async complete(rest: Buffer): Promise<void> {
    const { client } = this.#objects;
    const [name, signal] = [this.#name, this.#signal];
    if (this.#id === undefined) {
      const input = { ...name, Body: rest };
      await client.send((sdk) => new sdk.PutObjectCommand(input), { signal });
      return;
    }
    await this.send(rest);
    const input = { ...name, UploadId: this.#id, MultipartUpload: { Parts: this.#parts.map((part) => ({ ...part })) } };
    await client.send((sdk) => new sdk.CompleteMultipartUploadCommand(input), { signal });
    this.#id = undefined;
  }

  async abandon(): Promise<void> {
    if (this.#id === undefined) return;
    const input = { ...this.#name, UploadId: this.#id };
    await this.#objects.client.send((sdk) => new sdk.AbortMultipartUploadCommand(input));
  }
}
