import { print } from './print.js';
import type { Progress } from './progress.js';
import type { Cell, Table } from './table.js';
import { screenOn } from './terminal.js';

const MOST_ROWS = 200;
const LONGEST_MS = 250;

/** Prints a table while its rows still come: some at a time, so that they line up, and none is long in coming. */
export class Rows {
  readonly #table: Table;
  readonly #progress: Progress;
  #rows: (readonly Cell[])[] = [];
  #timer: NodeJS.Timeout | undefined;
  #started = false;

  constructor(table: Table, progress: Progress) {
    this.#table = table;
    this.#progress = progress;
  }

  add(row: readonly Cell[]): void {
    this.#rows.push(row);
    if (this.#rows.length >= MOST_ROWS) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), LONGEST_MS);
  }

  /** Prints what has not been printed. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#rows.length === 0) return;
    const screen = screenOn(1);
    const [rows, isFirst] = [this.#rows, !this.#started];
    this.#started = true;
    this.#rows = [];
    this.#progress.clear();
    const lines = this.#table.lines(rows, columnsOf(screen), screen, isFirst);
    print(lines.map((line) => `${line}\n`).join(''));
  }
}

/** What does not go to a terminal is not cut. */
export function columnsOf(screen: { readonly columns: number } | undefined): number {
  return screen === undefined ? Infinity : screen.columns || 80;
}
