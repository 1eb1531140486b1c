import { createReadStream, readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A CSV file that is copied into the inbox. */
export interface SampleFile {
  readonly name: string;
  read(): AsyncIterable<Uint8Array>;
}

/** What the workers have to do. */
export interface Workload {
  readonly files: readonly SampleFile[];
  /** The name of the one large file, which is made of copies of another. */
  readonly largeFile: string;
  /** After how many rows of the large file its first worker is killed. */
  readonly killAtRows: number;
}

/** Every CSV file of two published packages of sample data, and one of 24 MB with more than half a million rows. */
export function wholeWorkload(): Workload {
  return workload({ mostBytes: Infinity, repeats: 10, killAtRows: 200_000 });
}

/** The small ones of those files, and one of 2 MB with fifty thousand rows. */
export function quickWorkload(): Workload {
  return workload({ mostBytes: 100_000, repeats: 1, killAtRows: 20_000 });
}

interface Size {
  readonly mostBytes: number;
  readonly repeats: number;
  readonly killAtRows: number;
}

function workload({ mostBytes, repeats, killAtRows }: Size): Workload {
  const { resolve } = createRequire(import.meta.url);
  const vega = join(dirname(resolve('vega-datasets')), '..', 'data');
  const observable = dirname(resolve('@observablehq/sample-datasets/diamonds.csv'));
  const largeFile = repeats === 1 ? 'diamonds.csv' : `diamonds-${String(repeats)}-times.csv`;
  const files = [
    ...csvFilesIn(vega, 'vega', mostBytes),
    ...csvFilesIn(observable, 'observable', mostBytes),
    { name: largeFile, read: () => repeated(join(observable, 'diamonds.csv'), repeats) },
  ];
  return { files, largeFile, killAtRows };
}

function csvFilesIn(folder: string, origin: string, mostBytes: number): SampleFile[] {
  const isWanted = (name: string): boolean => name.endsWith('.csv') && statSync(join(folder, name)).size <= mostBytes;
  const names = readdirSync(folder).filter(isWanted);
  return names.map((name) => ({ name: `${origin}-${name}`, read: () => createReadStream(join(folder, name)) }));
}

/** Repeats the rows of a file `times` times, under one header. */
async function* repeated(path: string, times: number): AsyncGenerator<Uint8Array> {
  const whole = await readFile(path);
  const headerEnd = whole.indexOf('\n') + 1;
  yield whole;
  for (let copy = 1; copy < times; copy += 1) yield whole.subarray(headerEnd);
}
