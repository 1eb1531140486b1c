import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { RequestFailure } from './errors.js';

/** The size of the first parts, in bytes. An object of at most this size is written in one request. */
export const PART_BYTES = 8 * 1024 * 1024;

/** One object that is being written, in parts where it is large. Each part waits in memory until the store has it. */
export interface PartUpload {
  /** The size of the next part, in bytes. */
  readonly partBytes: number;
  /** Sends a part that more bytes follow. Resolves to how many of its bytes the store took, which is at least one. */
  send(part: Buffer): Promise<number>;
  /** Sends the last bytes, of which there may be none where no part was sent, and publishes the object. */
  complete(rest: Buffer): Promise<void>;
  /** Removes what the store keeps of an upload that was begun and not completed. Called when nothing is being sent. */
  abandon(): Promise<void>;
}

/** Writes an object from a stream of bytes. Nobody sees it before it is complete. */
export async function writeInParts(
  upload: PartUpload,
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const writer = new PartWriter(upload);
  try {
    await pipeline(source, writer, { signal });
  } catch (error) {
    await writer.idle();
    await upload.abandon().catch(() => undefined);
    // An abort that comes in the last request does not say whether that request took effect.
    throw writer.completing && !(error instanceof RequestFailure)
      ? new RequestFailure(error, { effect: 'unknown' })
      : error;
  }
}

class PartWriter extends Writable {
  readonly #upload: PartUpload;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #sending: Promise<void> = Promise.resolve();
  completing = false;

  constructor(upload: PartUpload) {
    super({ highWaterMark: 1 });
    this.#upload = upload;
  }

  override _write(piece: Uint8Array, _encoding: unknown, done: (error?: Error) => void): void {
    this.#waiting.push(piece);
    this.#waitingBytes += piece.byteLength;
    // A full part is held back until more bytes come, because the last part is sent differently.
    if (this.#waitingBytes <= this.#upload.partBytes) done();
    else this.#run(() => this.#sendParts(), done);
  }

  override _final(done: (error?: Error) => void): void {
    this.completing = true;
    this.#run(() => this.#upload.complete(this.#gathered()), done);
  }

  /** Resolves when no request is being sent. */
  async idle(): Promise<void> {
    await this.#sending.catch(() => undefined);
  }

  #run(work: () => Promise<void>, done: (error?: Error) => void): void {
    this.#sending = work();
    this.#sending.then(() => done(), done);
  }

  async #sendParts(): Promise<void> {
    let rest = this.#gathered();
    while (rest.byteLength > this.#upload.partBytes) {
      const taken = await this.#upload.send(rest.subarray(0, this.#upload.partBytes));
      rest = rest.subarray(taken);
    }
    this.#waiting = [rest];
    this.#waitingBytes = rest.byteLength;
  }

  #gathered(): Buffer {
    const [only, ...more] = this.#waiting;
    return only && more.length === 0
      ? Buffer.from(only.buffer, only.byteOffset, only.byteLength)
      : Buffer.concat(this.#waiting);
  }
}
