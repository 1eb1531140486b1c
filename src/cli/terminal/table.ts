import type { WriteStream } from 'node:tty';

import { cutOff, cutStart, styled, widthOf, type Style } from './terminal.js';

export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** Where its cells may be cut, down to so many columns; else they are shown whole. */
  readonly cut?: 'start' | 'end';
  readonly least?: number;
  /** Whether it may be left out, the lowest number first, when even cutting is not enough. */
  readonly spare?: number;
}

/** A cell's text, which must be printable, and how it is shown on a terminal. */
export type Cell = string | readonly [text: string, style: Style];

interface Place {
  readonly column: Column;
  readonly index: number;
  width: number;
}

const GAP = '  ';

/** Lines up rows under their titles, in as many columns as there are. What comes later never makes a column narrower. */
export class Table {
  readonly #columns: readonly Column[];
  readonly #widths: number[];

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
    this.#widths = columns.map(({ title }) => widthOf(title));
  }

  /** One line a row, after one for the titles if wanted, for so many columns: Infinity where nothing need fit. */
  lines(
    rows: readonly (readonly Cell[])[],
    columns: number,
    screen: WriteStream | undefined,
    titled = false,
  ): readonly string[] {
    for (const row of rows) {
      row.forEach((cell, i) => (this.#widths[i] = Math.max(this.#widths[i] ?? 0, widthOf(textOf(cell)))));
    }
    const places = this.#fitting(columns);
    const lines = rows.map((row) => lineOf(row, places, columns, screen));
    return titled ? [this.#titles(places, columns, screen), ...lines] : lines;
  }

  /** Whatever is cut at its start, its title is cut at the end. */
  #titles(places: readonly Place[], columns: number, screen: WriteStream | undefined): string {
    const cells = this.#columns.map(({ title }) => [title, 'bold'] as const);
    const uncut = places.map((place) => ({ ...place, column: { ...place.column, cut: 'end' as const } }));
    return lineOf(cells, uncut, columns, screen);
  }

  #fitting(columns: number): readonly Place[] {
    let kept = this.#columns.map((column, index) => ({ column, index }));
    for (;;) {
      const places = kept.map((each) => ({ ...each, width: this.#widths[each.index] ?? 0 }));
      if (shrink(places, columns)) return places;
      const [spare] = kept
        .filter(({ column }) => column.spare !== undefined)
        .sort((one, other) => (one.column.spare ?? 0) - (other.column.spare ?? 0));
      if (spare === undefined) return places;
      kept = kept.filter((each) => each !== spare);
    }
  }
}

/** Takes from the widest column that may be cut, again and again. False: that is not enough. */
function shrink(places: readonly Place[], columns: number): boolean {
  if (columns === Infinity) return true;
  for (const place of places) if (place.column.cut) place.width = Math.min(place.width, columns);
  const gaps = GAP.length * (places.length - 1);
  let excess = places.reduce((sum, { width }) => sum + width, gaps) - columns;
  const room = ({ column, width }: Place): number => (column.cut ? width - (column.least ?? 1) : 0);
  for (; excess > 0; excess -= 1) {
    const [widest] = places.filter((place) => room(place) > 0).sort((one, other) => other.width - one.width);
    if (widest === undefined) return false;
    widest.width -= 1;
  }
  return true;
}

function lineOf(
  row: readonly Cell[],
  places: readonly Place[],
  columns: number,
  screen: WriteStream | undefined,
): string {
  let left = columns;
  const cells = places.map(({ column, index, width }, i) => {
    const cell = row[index] ?? '';
    const isLast = i === places.length - 1;
    const text = padded(textOf(cell), column, Math.min(width, Math.max(0, left)), isLast);
    left -= width + GAP.length;
    return typeof cell === 'string' ? text : styled(text, cell[1], screen);
  });
  return cells.join(GAP).trimEnd();
}

function padded(text: string, { cut, align }: Column, width: number, isLast: boolean): string {
  const fit = cut === 'start' ? cutStart(text, width) : cutOff(text, width);
  const padding = ' '.repeat(Math.max(0, width - widthOf(fit)));
  if (align === 'right') return padding + fit;
  return isLast ? fit : fit + padding;
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell[0];
}
