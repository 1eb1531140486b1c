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
  readonly #wide: boolean;
  #rows: Row[] = [];
  #timer: NodeJS.Timeout | undefined;
  #titled: boolean;

  /** `wide`: cuts nothing on a terminal either. Elsewhere the cells of a row are separated by tabs. */
  constructor(table: Table, progress: Progress, { headers = true, wide = false } = {}) {
    this.#titled = !headers;
    this.#wide = wide;
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
    const lines = this.#lines();
    this.#titled = true;
    this.#rows = [];
    this.#progress.clear();
    print(lines.map((line) => `${line}\n`).join(''));
  }

  #lines(): readonly string[] {
    const screen = screenOn(1);
    if (screen === undefined) return this.#table.tabbed(this.#rows, !this.#titled);
    const columns = this.#wide ? Infinity : columnsOf(screen);
    const { titles, rows } = this.#table.fitted(this.#rows, columns, screen);
    return this.#titled ? rows.flat() : [...titles, ...rows.flat()];
  }
}
