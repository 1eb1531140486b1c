import { crc32 } from 'node:zlib';

import type { ColumnFigures, FileFigures } from './figures.js';

/** Takes in the records of one CSV file and hands out their figures in batches. */
export class Tally {
  #columns: readonly ColumnTally[] | undefined;
  #rows = 0;

  /** The rows since the last batch was taken. */
  get rows(): number {
    return this.#rows;
  }

  /** The first record is the header. */
  add(record: readonly string[]): void {
    if (this.#columns === undefined) {
      this.#columns = record.map((name) => new ColumnTally(name));
      return;
    }
    this.#rows += 1;
    this.#columns.forEach((column, index) => column.add(record[index] ?? ''));
  }

  /** The figures of the rows since the last batch; only the checksums are of all rows so far. */
  take(): FileFigures {
    const batch = { rows: this.#rows, columns: (this.#columns ?? []).map((column) => column.take()) };
    this.#rows = 0;
    return batch;
  }
}

class ColumnTally {
  readonly #name: string;
  #values: string[] = [];
  #checksum = 0;

  constructor(name: string) {
    this.#name = name;
  }

  add(value: string): void {
    this.#values.push(value);
  }

  take(): ColumnFigures {
    const values = this.#values;
    this.#values = [];
    this.#checksum = crc32(values.map((value) => `${value}\n`).join(''), this.#checksum);
    return { name: this.#name, ...figuresOf(values), checksum: this.#checksum };
  }
}

/** Letters that no decimal number has, but what `Number` also reads: `0x1F`, `0O5` (an airport), `Infinity`. */
const NOT_DECIMAL = /[a-df-z]/i;

function figuresOf(values: readonly string[]): Pick<ColumnFigures, 'numbers' | 'total' | 'low' | 'high'> {
  const numbers = values
    .filter((value) => value.trim() !== '' && !NOT_DECIMAL.test(value))
    .map(Number)
    .filter(Number.isFinite);
  if (numbers.length === 0) return { numbers: 0, total: null, low: null, high: null };
  return {
    numbers: numbers.length,
    total: numbers.reduce((total, number) => total + number, 0),
    low: numbers.reduce((low, number) => Math.min(low, number)),
    high: numbers.reduce((high, number) => Math.max(high, number)),
  };
}

/** The figures of a whole file from those of its batches, in order. */
export function merge(batches: readonly FileFigures[]): FileFigures {
  return batches.reduce((sum, batch) => ({
    rows: sum.rows + batch.rows,
    columns: sum.columns.map((column, index) => mergeColumns(column, batch.columns[index] ?? column)),
  }));
}

function mergeColumns(sum: ColumnFigures, batch: ColumnFigures): ColumnFigures {
  return {
    name: sum.name,
    numbers: sum.numbers + batch.numbers,
    total: either(sum.total, batch.total, (a, b) => a + b),
    low: either(sum.low, batch.low, Math.min),
    high: either(sum.high, batch.high, Math.max),
    checksum: batch.checksum,
  };
}

function either(a: number | null, b: number | null, both: (a: number, b: number) => number): number | null {
  return a === null || b === null ? (a ?? b) : both(a, b);
}
