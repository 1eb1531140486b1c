import { addAbortSignal, type Readable } from 'node:stream';

/** The bytes of an answer, or the first of them. What is beyond the limit is not received. */
export async function bytesOf(body: unknown, maxBytes: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const stream = body as Readable;
  if (signal) addAbortSignal(signal, stream);
  const pieces: Uint8Array[] = [];
  let total = 0;
  // To leave the loop early is to close the connection.
  for await (const piece of stream as AsyncIterable<Uint8Array>) {
    pieces.push(piece);
    total += piece.byteLength;
    if (total > maxBytes) break;
  }
  return Buffer.concat(pieces).subarray(0, maxBytes);
}
