import type { Lockfile } from '../index.js';
import type { ColumnFigures, FileFigures } from './figures.js';
import { takeTurn, type Database } from './turn.js';

/** A file as the ledger has it: who finished it, and its figures. */
export interface Finished extends FileFigures {
  readonly file: string;
  readonly worker: string;
}

/** What a worker that died had left in the ledger. */
export interface Remains {
  readonly discardedRows: number;
  /** Whether it had finished the file, and only not moved it yet. */
  readonly finished: boolean;
}

// There is no unique key on purpose: the final check has to be able to see a file that was finished twice.
const SCHEMA = `
  CREATE TABLE staged (file TEXT, batch INTEGER, rows INTEGER, position INTEGER, name TEXT,
    numbers INTEGER, total REAL, low REAL, high REAL, checksum INTEGER);
  CREATE TABLE finished (id INTEGER PRIMARY KEY, file TEXT, worker TEXT, rows INTEGER);
  CREATE TABLE figures (finished INTEGER REFERENCES finished, position INTEGER, name TEXT,
    numbers INTEGER, total REAL, low REAL, high REAL, checksum INTEGER);`;

// In a query with one max(), SQLite takes the bare column, here the checksum, from the row with the maximum.
const FOLD = `
  INSERT INTO figures
  SELECT ?, position, name, sum(numbers), sum(total), min(low), max(high), checksum FROM (
    SELECT *, max(batch) OVER (PARTITION BY position) AS last FROM staged WHERE file = ?)
  GROUP BY position`;

/** The summary of the inbox, in SQLite. Every call is one transaction, in turn with the other processes. */
export class Ledger {
  readonly #folder: string;
  readonly #worker: string;

  constructor(folder: string, worker: string) {
    this.#folder = folder;
    this.#worker = worker;
  }
}
