import { randomFillSync } from 'node:crypto';

/**
 * 128 random bits in hexadecimal, different at each call. They are drawn when they are needed, and mixed with the time in nanoseconds:
 * clones of a machine or process share whatever random numbers it had in store.
 */
export function freshId(): string {
  return drawIds(1);
}

/** Two such ids from one draw, for code that needs both now: to draw is the slowest part. */
export function twoFreshIds(): readonly [string, string] {
  const ids = drawIds(2);
  return [ids.slice(0, ID_LENGTH), ids.slice(ID_LENGTH)];
}

const ID_BYTES = 16;
const ID_LENGTH = 2 * ID_BYTES;

/** Overwritten by each draw: a new buffer each time costs as much as the draw. */
const drawn = Buffer.alloc(2 * ID_BYTES);

/** The time goes into the last 8 bytes of each id, and its number among those of one draw into the byte before. */
function drawIds(count: number): string {
  const size = count * ID_BYTES;
  const bytes = randomFillSync(drawn, 0, size);
  const [seconds, nanoseconds] = process.hrtime();
  for (let id = 0; id < count; id += 1) {
    const at = id * ID_BYTES;
    bytes[at + 7] = (bytes[at + 7] ?? 0) ^ id;
    bytes.writeInt32BE(bytes.readInt32BE(at + 8) ^ seconds, at + 8);
    bytes.writeInt32BE(bytes.readInt32BE(at + 12) ^ nanoseconds, at + 12);
  }
  return bytes.toString('hex', 0, size);
}
