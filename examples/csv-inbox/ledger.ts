import type { Lockfile } from 'vfs-lockfile';

import type { ColumnSummary, FileSummary } from './summary.js';
import { merge } from './tally.js';
import { runTransaction, type Database } from './transaction.js';

/** The summary of one file, and the worker that finished it. */
export interface FinishedFile extends FileSummary {
  readonly file: string;
  readonly worker: string;
}

/** What a dead worker left behind. */
export interface Recovered {
  /** How many rows its discarded batches had. */
  readonly discardedRows: number;
  /** Whether it had already finished the file, and only had not archived it. */
  readonly finished: boolean;
}

// No unique key on `file`: if a file is finished twice, the final check must be able to see it.
const SCHEMA = `
  CREATE TABLE staged (id INTEGER PRIMARY KEY, file TEXT, rows INTEGER, columns TEXT);
  CREATE TABLE finished (id INTEGER PRIMARY KEY, file TEXT, worker TEXT, rows INTEGER);
  CREATE TABLE figures (
    finished INTEGER REFERENCES finished, name TEXT, numbers INTEGER, total REAL, low REAL, high REAL, checksum INTEGER
  )`;

/** The summaries of all files, in a SQLite database that all workers write to. Each call is one transaction. */
export class Ledger {
  readonly #folder: string;
  readonly #worker: string;

  constructor(folder: string, worker: string) {
    this.#folder = folder;
    this.#worker = worker;
  }

  create(): Promise<void> {
    return runTransaction(this.#folder, this.#worker, (database) => database.exec(SCHEMA));
  }

  /** Stores the summary of one batch of rows until the whole file has been read. */
  stage(file: string, batch: FileSummary, fileLock: Lockfile): Promise<void> {
    return runTransaction(this.#folder, this.#worker, (database) => stage(database, file, batch), fileLock);
  }

  /** Merges all batches of a file, including this last one, into its final summary. */
  finish(file: string, lastBatch: FileSummary, fileLock: Lockfile): Promise<void> {
    const work = (database: Database): void => {
      stage(database, file, lastBatch);
      insert(database, this.#worker, file, merge(stagedBatches(database, file)));
      unstage(database, file);
    };
    return runTransaction(this.#folder, this.#worker, work, fileLock);
  }

  /** Discards the batches that a dead worker stored, and reports how far it got. */
  recover(file: string, fileLock: Lockfile): Promise<Recovered> {
    const work = (database: Database): Recovered => {
      const discardedRows = stagedBatches(database, file).reduce((rows, batch) => rows + batch.rows, 0);
      unstage(database, file);
      return { discardedRows, finished: database.get('SELECT 1 FROM finished WHERE file = ?', file) !== null };
    };
    return runTransaction(this.#folder, this.#worker, work, fileLock);
  }

  /** The finished files, in the order in which they were finished. */
  finished(): Promise<FinishedFile[]> {
    return runTransaction(this.#folder, this.#worker, (database) =>
      query<{ id: number; file: string; worker: string; rows: number }>(database, 'SELECT * FROM finished', []).map(
        ({ id, ...finished }) => ({ ...finished, columns: columnsOf(database, id) }),
      ),
    );
  }

  /** The names of the files of which batches are still stored. */
  unfinished(): Promise<string[]> {
    return runTransaction(this.#folder, this.#worker, (database) =>
      query<{ file: string }>(database, 'SELECT DISTINCT file FROM staged', []).map(({ file }) => file),
    );
  }
}

function stage(database: Database, file: string, { rows, columns }: FileSummary): void {
  database.run('INSERT INTO staged (file, rows, columns) VALUES (?, ?, ?)', [file, rows, JSON.stringify(columns)]);
}

function stagedBatches(database: Database, file: string): FileSummary[] {
  const found = query<{ rows: number; columns: string }>(
    database,
    'SELECT rows, columns FROM staged WHERE file = ? ORDER BY id',
    [file],
  );
  return found.map(({ rows, columns }) => ({ rows, columns: JSON.parse(columns) as ColumnSummary[] }));
}

function unstage(database: Database, file: string): void {
  database.run('DELETE FROM staged WHERE file = ?', file);
}

function insert(database: Database, worker: string, file: string, { rows, columns }: FileSummary): void {
  const { lastInsertRowid: id } = database.run('INSERT INTO finished (file, worker, rows) VALUES (?, ?, ?)', [
    file,
    worker,
    rows,
  ]);
  for (const { name, numbers, total, low, high, checksum } of columns) {
    const values = [id, name, numbers, total, low, high, checksum];
    database.run('INSERT INTO figures VALUES (?, ?, ?, ?, ?, ?, ?)', values);
  }
}

function columnsOf(database: Database, finished: number): ColumnSummary[] {
  const sql = 'SELECT name, numbers, total, low, high, checksum FROM figures WHERE finished = ? ORDER BY rowid';
  return query<ColumnSummary>(database, sql, [finished]);
}

function query<T>(database: Database, sql: string, values: (string | number)[]): T[] {
  return database.all(sql, values) as unknown as T[];
}
