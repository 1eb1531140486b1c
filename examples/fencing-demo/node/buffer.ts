/** As many of Node's methods as the library calls. */
class Bytes extends Uint8Array {
  override includes(what: number | string): boolean {
    return typeof what === 'number' ? super.includes(what) : this.toString().includes(what);
  }

  override toString(encoding = 'utf8', from = 0, to = this.length): string {
    if (encoding === 'utf8') return new TextDecoder().decode(this.subarray(from, to));
    throw new Error(`there is no ${encoding} in this page`);
  }
}

const encoder = new TextEncoder();

/** Node's `Buffer`, as far as the library uses it with files in memory. */
export const Buffer = {
  alloc: (size: number): Bytes => new Bytes(size),
  from: (data: string | ArrayLike<number> | ArrayBuffer, at?: number, length?: number): Bytes => {
    if (typeof data === 'string') return new Bytes(encoder.encode(data));
    return data instanceof ArrayBuffer ? new Bytes(data, at, length) : new Bytes(data);
  },
  byteLength: (text: string): number => encoder.encode(text).byteLength,
  compare: (a: Uint8Array, b: Uint8Array): number => {
    const at = a.findIndex((byte, index) => byte !== b[index]);
    return at === -1 ? a.length - b.length : (a[at] ?? 0) - (b[at] ?? -1);
  },
  concat: (pieces: readonly Uint8Array[]): Bytes => {
    const whole = new Bytes(pieces.reduce((bytes, { length }) => bytes + length, 0));
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  },
};
