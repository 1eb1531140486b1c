export function randomFillSync<T extends Uint8Array<ArrayBuffer>>(bytes: T): T {
  return crypto.getRandomValues(bytes);
}

/** SHA-256 as Node has it, in one call that does not wait: a browser's own is a promise. */
export function hash(algorithm: string, data: Uint8Array, encoding: string): string {
  if (algorithm !== 'sha256') throw new Error(`there is no ${algorithm} in this page`);
  const digest = sha256(data);
  if (encoding === 'hex') return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  if (encoding !== 'base64url') throw new Error(`there is no ${encoding} in this page`);
  const text = btoa(String.fromCharCode(...digest));
  return text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** The first primes below 312, from whose roots the constants of SHA-256 come. */
const PRIMES = Array.from({ length: 310 }, (_, index) => index + 2).filter((each) => {
  for (let by = 2; by * by <= each; by += 1) if (each % by === 0) return false;
  return true;
});

const fraction = (root: number): number => ((root - Math.floor(root)) * 2 ** 32) | 0;
const START = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const ROUNDS = PRIMES.slice(0, 64).map((prime) => fraction(Math.cbrt(prime)));

function sha256(data: Uint8Array): Uint8Array {
  const blocks = Math.ceil((data.length + 9) / 64);
  const padded = new DataView(new ArrayBuffer(blocks * 64));
  new Uint8Array(padded.buffer).set(data);
  padded.setUint8(data.length, 0x80);
  padded.setBigUint64(blocks * 64 - 8, BigInt(data.length) * 8n);
  const state = Int32Array.from(START);
  for (let block = 0; block < blocks; block += 1) mix(state, wordsOf(padded, block * 64));
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, index) => digest.setInt32(index * 4, word));
  return new Uint8Array(digest.buffer);
}

const turn = (word: number, by: number): number => (word >>> by) | (word << (32 - by));
const at = (words: Int32Array | readonly number[], index: number): number => words[index] ?? 0;

function wordsOf(padded: DataView, offset: number): Int32Array {
  const words = new Int32Array(64);
  for (let i = 0; i < 16; i += 1) words[i] = padded.getInt32(offset + i * 4);
  for (let i = 16; i < 64; i += 1) {
    const [a, b] = [at(words, i - 15), at(words, i - 2)];
    const first = turn(a, 7) ^ turn(a, 18) ^ (a >>> 3);
    const second = turn(b, 17) ^ turn(b, 19) ^ (b >>> 10);
    words[i] = (at(words, i - 16) + first + at(words, i - 7) + second) | 0;
  }
  return words;
}

function mix(state: Int32Array, words: Int32Array): void {
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let i = 0; i < 64; i += 1) {
    const first = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25);
    const one = (h + first + ((e & f) ^ (~e & g)) + at(ROUNDS, i) + at(words, i)) | 0;
    const second = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
    const two = (second + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, index) => (state[index] = (at(state, index) + word) | 0));
}
