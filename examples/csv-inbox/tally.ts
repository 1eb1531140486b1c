import { crc32 } from 'node:zlib';

import type { ColumnSummary, FileSummary } from './summary.js';

/** Reads the records of one CSV file and returns their summary in batches. */
export class Tally {
  #columns: readonly ColumnTally[] | undefined;
  #rows = 0;

  /** How many rows there are since the last batch. */
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

  /** The summary of the rows since the last batch. Only the checksums cover all rows so far. */
  take(): FileSummary {
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

  take(): ColumnSummary {
    const values = this.#values;
    this.#values = [];
    this.#checksum = crc32(values.map((value) => `${value}\n`).join(''), this.#checksum);
    return { name: this.#name, ...numbersOf(values), checksum: this.#checksum };
  }
}

/** Letters that no decimal number has. `Number` also reads `0x1F`, `0O5` (an airport) and `Infinity`. */
const NOT_DECIMAL = /[a-df-z]/i;

function numbersOf(values: readonly string[]): Pick<ColumnSummary, 'numbers' | 'total' | 'low' | 'high'> {
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

/** Merges the summaries of all batches of a file, in order. */
export function merge(batches: readonly FileSummary[]): FileSummary {
  return batches.reduce((sum, batch) => ({
    rows: sum.rows + batch.rows,
    columns: sum.columns.map((column, index) => mergeColumns(column, batch.columns[index] ?? column)),
  }));
}

function mergeColumns(sum: ColumnSummary, batch: ColumnSummary): ColumnSummary {
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
