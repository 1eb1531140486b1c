import { pipeline } from 'node:stream/promises';

import { parse } from 'csv-parse';

import type { SampleFile } from './sample-files.js';

/** The correct summary of a column, computed by other means than those of the workers. */
export interface ExpectedColumn {
  readonly name: string;
  readonly numbers: number;
  readonly total: number;
  /** The sum of the absolute values, which rounding errors are compared with. */
  readonly magnitude: number;
  readonly low: number;
  readonly high: number;
  readonly checksum: number;
}

export interface ExpectedFile {
  readonly file: string;
  readonly rows: number;
  readonly columns: readonly ExpectedColumn[];
}

/** Summarises a whole file. It shares no code with the workers but the CSV parser. */
export async function audit(file: SampleFile, signal?: AbortSignal): Promise<ExpectedFile> {
  let columns: readonly Column[] | undefined;
  let rows = 0;
  const count = async (records: AsyncIterable<readonly string[]>): Promise<void> => {
    for await (const record of records) {
      if (columns === undefined) {
        columns = record.map(newColumn);
      } else {
        rows += 1;
        for (let index = 0; index < columns.length; index += 1) addValue(columns[index], record[index]);
      }
    }
  };
  await pipeline(file.read(), parse({ bom: true }), count, { signal });
  return { file: file.name, rows, columns: (columns ?? []).map(expectedOf) };
}

interface Column {
  readonly name: string;
  numbers: number;
  total: number;
  /** What rounding has removed from `total` (A. Neumaier's summation). */
  lost: number;
  magnitude: number;
  low: number;
  high: number;
  register: number;
}

function newColumn(name: string): Column {
  return { name, numbers: 0, total: 0, lost: 0, magnitude: 0, low: Infinity, high: -Infinity, register: -1 };
}

function expectedOf({ lost, register, ...column }: Column): ExpectedColumn {
  return { ...column, total: column.total + lost, checksum: ~register >>> 0 };
}

const DECIMAL = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;

function addValue(column: Column | undefined, value: string | undefined): void {
  if (column === undefined || value === undefined) throw new Error('a row has fewer values than the header');
  column.register = shiftedBy(column.register, `${value}\n`);
  const number = DECIMAL.test(value) ? parseFloat(value) : NaN;
  if (Math.abs(number) < Infinity) addNumber(column, number);
}

function addNumber(column: Column, number: number): void {
  column.numbers += 1;
  const total = column.total + number;
  column.lost +=
    Math.abs(column.total) >= Math.abs(number) ? column.total - total + number : number - total + column.total;
  column.total = total;
  column.magnitude += Math.abs(number);
  if (number < column.low) column.low = number;
  if (number > column.high) column.high = number;
}

/** The CRC-32 register after each byte value and eight zero bits. */
const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let register = byte;
  for (let bit = 0; bit < 8; bit += 1) register = (register >>> 1) ^ (register & 1 ? 0xedb88320 : 0);
  return register;
});

function shiftedBy(register: number, text: string): number {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) return Buffer.from(text.slice(index)).reduce(shifted, register);
    register = shifted(register, unit);
  }
  return register;
}

function shifted(register: number, byte: number): number {
  return (register >>> 8) ^ (CRC_TABLE[(register ^ byte) & 0xff] ?? 0);
}
