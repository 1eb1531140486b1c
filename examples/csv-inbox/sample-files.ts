import { createReadStream, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A CSV file that is copied into the inbox. */
export interface SampleFile {
  readonly name: string;
  read(): AsyncIterable<Uint8Array>;
}

const REPEATS = 10;

/** The name of the one large file, with 24 MB and more than half a million rows. */
export const LARGE_FILE = `diamonds-${String(REPEATS)}-times.csv`;

/** Every CSV file of two published packages of sample data, and one large file made of many copies of another. */
export function sampleFiles(): readonly SampleFile[] {
  const { resolve } = createRequire(import.meta.url);
  const vega = join(dirname(resolve('vega-datasets')), '..', 'data');
  const observable = dirname(resolve('@observablehq/sample-datasets/diamonds.csv'));
  return [
    ...csvFilesIn(vega, 'vega'),
    ...csvFilesIn(observable, 'observable'),
    { name: LARGE_FILE, read: () => repeated(join(observable, 'diamonds.csv'), REPEATS) },
  ];
}

function csvFilesIn(folder: string, origin: string): SampleFile[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.csv'));
  return names.map((name) => ({ name: `${origin}-${name}`, read: () => createReadStream(join(folder, name)) }));
}

/** Repeats the rows of a file `times` times, under one header. */
async function* repeated(path: string, times: number): AsyncGenerator<Uint8Array> {
  const whole = await readFile(path);
  const headerEnd = whole.indexOf('\n') + 1;
  yield whole;
  for (let copy = 1; copy < times; copy += 1) yield whole.subarray(headerEnd);
}
