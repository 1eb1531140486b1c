import type { WriteStream } from 'node:tty';

import { styled, type Style } from './screen.js';
import { cutEnd, cutStart, widthOf } from './text.js';

export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** The end at which cells may be cut. Without it cells are shown whole. */
  readonly cut?: 'start' | 'end';
  /** The width below which cells are not cut, in columns. @default 1 */
  readonly least?: number;
  /** When cutting is not enough, columns are left out, the lowest number first. Columns without a number always stay. */
  readonly dropOrder?: number;
}

/** Printable text, with its style on a terminal. */
export type Cell = string | readonly [text: string, style: Style];

export type Row = readonly Cell[];

interface Place {
  readonly column: Column;
  readonly index: number;
  width: number;
}

const GAP = '  ';

/** Aligns rows under their titles within a number of columns. Later rows never make a column narrower. */
export class Table {
  readonly #columns: readonly Column[];
  readonly #widths: number[];

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
    this.#widths = columns.map(({ title }) => widthOf(title));
  }

  /** One line per row that fits into `columns` (Infinity: cut nothing), after a line of titles if `titled`. */
  lines(rows: readonly Row[], columns: number, screen: WriteStream | undefined, titled = false): readonly string[] {
    for (const row of rows) {
      row.forEach((cell, i) => (this.#widths[i] = Math.max(this.#widths[i] ?? 0, widthOf(textOf(cell)))));
    }
    const places = this.#fitting(columns);
    const lines = rows.map((row) => lineOf(row, places, columns, screen));
    return titled ? [this.#titles(places, columns, screen), ...lines] : lines;
  }

  /** Titles are always cut at the end. */
  #titles(places: readonly Place[], columns: number, screen: WriteStream | undefined): string {
    const cells = this.#columns.map(({ title }) => [title, 'bold'] as const);
    const cutAtEnd = places.map((place) => ({ ...place, column: { ...place.column, cut: 'end' as const } }));
    return lineOf(cells, cutAtEnd, columns, screen);
  }

  #fitting(columns: number): readonly Place[] {
    let kept = this.#columns.map((column, index) => ({ column, index }));
    for (;;) {
      const places = kept.map((each) => ({ ...each, width: this.#widths[each.index] ?? 0 }));
      if (shrink(places, columns)) return places;
      const [dropped] = kept
        .filter(({ column }) => column.dropOrder !== undefined)
        .sort((one, other) => (one.column.dropOrder ?? 0) - (other.column.dropOrder ?? 0));
      if (dropped === undefined) return places;
      kept = kept.filter((each) => each !== dropped);
    }
  }
}

/** Narrows the widest column that may be cut until the line fits. Returns false if it cannot be made to fit. */
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

function lineOf(row: Row, places: readonly Place[], columns: number, screen: WriteStream | undefined): string {
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
  const fit = cut === 'start' ? cutStart(text, width) : cutEnd(text, width);
  const padding = ' '.repeat(Math.max(0, width - widthOf(fit)));
  if (align === 'right') return padding + fit;
  return isLast ? fit : fit + padding;
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell[0];
}
