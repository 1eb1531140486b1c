import { hash, randomFillSync } from 'node:crypto';

/**
 * 128 bits in hexadecimal, different at each call, that nobody can foresee. They are made when they are needed, and from the time in
 * nanoseconds as well: clones of a machine or process share whatever random numbers it had in store, the generator itself among them.
 */
export function freshId(): string {
  return makeIds().slice(0, ID_LENGTH);
}

/** Two such ids for the cost of one. */
export function twoFreshIds(): readonly [string, string] {
  const ids = makeIds();
  return [ids.slice(0, ID_LENGTH), ids.slice(ID_LENGTH)];
}

const ID_LENGTH = 32;

/** How long a secret is used, in seconds of a clock that all processes of a machine share. */
const SECRET_SECONDS = 1;

/** What the ids are made from: to draw random numbers for each would take longer than all the rest of a record. */
const source = new Uint8Array(56);
const secret = source.subarray(0, 32);
const words = new Uint32Array(source.buffer, 32, 4);
const wallClock = new Float64Array(source.buffer, 48, 1);
let drawnAt = -Infinity;

/** SHA-256 of a secret and of what no other call has: two ids. */
function makeIds(): string {
  const [seconds, nanoseconds] = process.hrtime();
  if (Math.abs(seconds - drawnAt) >= SECRET_SECONDS) {
    randomFillSync(secret);
    drawnAt = seconds;
  }
  words[0] = (words[0] ?? 0) + 1;
  words[1] = process.pid;
  words[2] = seconds;
  words[3] = nanoseconds;
  wallClock[0] = Date.now();
  return hash('sha256', source, 'hex');
}
