import { crc32 } from 'node:zlib';

import type { ColumnFigures, FileFigures } from './figures.js';

/** The figures of a CSV file while its records come in, handed out in batches. */
export class Tally {
  #columns: ColumnTally[] | undefined;
  #rows = 0;

  /** The rows since the last `take`. */
  get rows(): number {
    return this.#rows;
  }

  /** Takes in one record, of which the first is the header. */
  add(record: readonly string[]): void {
    if (this.#columns === undefined) {
      this.#columns = record.map((name) => new ColumnTally(name));
      return;
    }
    this.#rows += 1;
    for (const [index, column] of this.#columns.entries()) column.add(record[index] ?? '');
  }

  /** The figures of the rows since the last time; only the checksums go on from there. */
  take(): FileFigures {
    const figures = { rows: this.#rows, columns: (this.#columns ?? []).map((column) => column.take()) };
    this.#rows = 0;
    return figures;
  }
}

class ColumnTally {
  readonly #name: string;
  #checksum = 0;
  #text = '';
  #numbers = 0;
  #total = 0;
  #low = Infinity;
  #high = -Infinity;

  constructor(name: string) {
    this.#name = name;
  }

  add(value: string): void {
    this.#text += `${value}\n`;
    const number = value.trim() === '' ? NaN : Number(value);
    if (!Number.isFinite(number)) return;
    this.#numbers += 1;
    this.#total += number;
    this.#low = Math.min(this.#low, number);
    this.#high = Math.max(this.#high, number);
  }

  take(): ColumnFigures {
    this.#checksum = crc32(this.#text, this.#checksum);
    const some = this.#numbers > 0;
    const figures = {
      name: this.#name,
      numbers: this.#numbers,
      total: some ? this.#total : null,
      low: some ? this.#low : null,
      high: some ? this.#high : null,
      checksum: this.#checksum,
    };
    this.#text = '';
    this.#numbers = 0;
    this.#total = 0;
    this.#low = Infinity;
    this.#high = -Infinity;
    return figures;
  }
}
