import { MAX_LINE_BYTES } from './line.js';

const LINE_FEED = 10;

/** The lines of a stream, without their line feeds. Undefined stands for one that is too long, which is not kept in memory. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string | undefined> {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  const line = (): string | undefined => {
    const text = bytes > MAX_LINE_BYTES ? undefined : Buffer.concat(pieces).toString();
    pieces = [];
    bytes = 0;
    return text;
  };
  const add = (piece: Uint8Array): void => {
    bytes += piece.length;
    if (bytes <= MAX_LINE_BYTES) pieces.push(piece);
    else pieces = [];
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      add(chunk.subarray(start, end));
      start = end + 1;
      yield line();
    }
    add(chunk.subarray(start));
  }
  if (bytes > 0) yield line();
}
