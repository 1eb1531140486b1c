import type { Lockfile } from 'vfs-lockfile';

import type { ColumnFigures, FileFigures } from './figures.js';
import { merge } from './tally.js';
import { takeTurn, type Database } from './turn.js';

/** A file that was finished, and by whom. */
export interface Finished extends FileFigures {
  readonly file: string;
  readonly worker: string;
}

/** What a worker left of a file when it died. */
export interface Remains {
  /** Rows whose batches were staged, and are not any more. */
  readonly discardedRows: number;
  /** Whether it had finished the file and only not archived it. */
  readonly finished: boolean;
}

// No key forbids a file to be finished twice: the check at the end has to be able to see it.
const SCHEMA = `
  CREATE TABLE staged (id INTEGER PRIMARY KEY, file TEXT, rows INTEGER, columns TEXT);
  CREATE TABLE finished (id INTEGER PRIMARY KEY, file TEXT, worker TEXT, rows INTEGER);
  CREATE TABLE figures (
    finished INTEGER REFERENCES finished, name TEXT, numbers INTEGER, total REAL, low REAL, high REAL, checksum INTEGER
  )`;

/** The summary of the inbox, in a SQLite database that all workers write to. Each call is one transaction. */
export class Ledger {
  readonly #folder: string;
  readonly #worker: string;

  constructor(folder: string, worker: string) {
    this.#folder = folder;
    this.#worker = worker;
  }

  create(): Promise<void> {
    return takeTurn(this.#folder, this.#worker, (database) => database.exec(SCHEMA));
  }

  /** Puts the figures of some rows aside until the whole file is read. */
  stage(file: string, batch: FileFigures, claim: Lockfile): Promise<void> {
    return takeTurn(this.#folder, this.#worker, (database) => stage(database, file, batch), claim);
  }

  /** Turns all that is staged of a file, and its last batch, into its summary. */
  finish(file: string, lastBatch: FileFigures, claim: Lockfile): Promise<void> {
    const work = (database: Database): void => {
      stage(database, file, lastBatch);
      insert(database, this.#worker, file, merge(staged(database, file)));
      unstage(database, file);
    };
    return takeTurn(this.#folder, this.#worker, work, claim);
  }

  /** Clears away what a dead worker had staged of a file, and tells how far it had come. */
  recover(file: string, claim: Lockfile): Promise<Remains> {
    const work = (database: Database): Remains => {
      const discardedRows = staged(database, file).reduce((rows, batch) => rows + batch.rows, 0);
      unstage(database, file);
      return { discardedRows, finished: database.get('SELECT 1 FROM finished WHERE file = ?', file) !== null };
    };
    return takeTurn(this.#folder, this.#worker, work, claim);
  }

  /** All that was finished, in order. */
  finished(): Promise<Finished[]> {
    return takeTurn(this.#folder, this.#worker, (database) =>
      rows<{ id: number; file: string; worker: string; rows: number }>(database, 'SELECT * FROM finished', []).map(
        ({ id, ...finished }) => ({ ...finished, columns: figures(database, id) }),
      ),
    );
  }

  /** The names of the files of which something is still staged. */
  unfinished(): Promise<string[]> {
    return takeTurn(this.#folder, this.#worker, (database) =>
      rows<{ file: string }>(database, 'SELECT DISTINCT file FROM staged', []).map(({ file }) => file),
    );
  }
}

function stage(database: Database, file: string, { rows, columns }: FileFigures): void {
  database.run('INSERT INTO staged (file, rows, columns) VALUES (?, ?, ?)', [file, rows, JSON.stringify(columns)]);
}

function staged(database: Database, file: string): FileFigures[] {
  const found = rows<{ rows: number; columns: string }>(
    database,
    'SELECT rows, columns FROM staged WHERE file = ? ORDER BY id',
    [file],
  );
  return found.map(({ rows, columns }) => ({ rows, columns: JSON.parse(columns) as ColumnFigures[] }));
}

function unstage(database: Database, file: string): void {
  database.run('DELETE FROM staged WHERE file = ?', file);
}

function insert(database: Database, worker: string, file: string, { rows, columns }: FileFigures): void {
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

function figures(database: Database, finished: number): ColumnFigures[] {
  const query = 'SELECT name, numbers, total, low, high, checksum FROM figures WHERE finished = ? ORDER BY rowid';
  return rows<ColumnFigures>(database, query, [finished]);
}

function rows<T>(database: Database, query: string, values: (string | number)[]): T[] {
  return database.all(query, values) as unknown as T[];
}
