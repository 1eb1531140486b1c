import { print } from './print.js';
import type { Progress } from './progress.js';
import { columnsOf, screenOn } from './screen.js';
import type { Row, Table } from './table.js';

const MOST_ROWS = 200;
const LONGEST_DELAY_MS = 250;

/** Prints a table while rows still arrive: in groups, so that columns line up, and each row within 250 ms. */
export class RowPrinter {
  readonly #table: Table;
  readonly #progress: Progress;
  #rows: Row[] = [];
  #timer: NodeJS.Timeout | undefined;
  #titled = false;

  constructor(table: Table, progress: Progress) {
    this.#table = table;
    this.#progress = progress;
  }

  add(row: Row): void {
    this.#rows.push(row);
    if (this.#rows.length >= MOST_ROWS) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), LONGEST_DELAY_MS);
  }

  /** Prints the rows that still wait. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#rows.length === 0) return;
    const screen = screenOn(1);
    const lines = this.#table.lines(this.#rows, columnsOf(screen), screen, !this.#titled);
    this.#titled = true;
    this.#rows = [];
    this.#progress.clear();
    print(lines.map((line) => `${line}\n`).join(''));
  }
}
