import type { WriteStream } from 'node:tty';

import { styled, type Style } from './screen.js';
import { chunked, cutEnd, cutPath, cutStart, lastPartOf, widthOf, wrapped } from './text.js';

export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /**
   * The end at which cells may be cut. Without it cells are shown whole. `'path'`: at the start, but never within the last part of
   * the path; a row whose last part does not fit takes more lines.
   */
  readonly cut?: 'start' | 'end' | 'path';
  /** The width below which cells are not cut, in columns. @default 1 */
  readonly least?: number;
  /** When cutting is not enough, columns are left out, the lowest number first. Columns without a number always stay. */
  readonly dropOrder?: number;
  /** Left out where no cell has content, and where programs read the table: they could not rely on it. */
  readonly onlyFilled?: boolean;
}

/** Printable text, with its style on a terminal. */
export type Cell = string | readonly [text: string, style: Style];

export type Row = readonly Cell[];

interface Place {
  readonly column: Column;
  readonly index: number;
  /** The width below which it is not cut. */
  readonly least: number;
  width: number;
}

/** On a narrower terminal each row is a block of lines. */
const NARROW_COLUMNS = 60;

const GAP = '  ';
const INDENT = '  ';

/** Aligns rows under their titles within a number of columns. Later rows never make a column narrower. */
export class Table {
  readonly #columns: readonly Column[];
  readonly #widths: number[];
  readonly #filled: boolean[] = [];
  /** The widest last part of a path, by column. */
  readonly #lastParts: number[];

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
    this.#widths = columns.map(({ title }) => widthOf(title));
    this.#lastParts = columns.map(() => 0);
  }

  /** The rows in lines that fit into `columns` (Infinity: cut nothing), after a line of titles if `titled`. */
  lines(rows: readonly Row[], columns: number, screen: WriteStream | undefined, titled = false): readonly string[] {
    return this.#linesByRow(rows, columns, screen, titled).flat();
  }

  /** The same with the lines of each row apart; the titles come first. */
  #linesByRow(
    rows: readonly Row[],
    columns: number,
    screen: WriteStream | undefined,
    titled = false,
  ): readonly (readonly string[])[] {
    for (const row of rows) this.#measure(row);
    const places = this.#fitting(columns);
    const lines = rows.map((row) => linesOf(row, places, columns, screen));
    return titled ? [[this.#titles(places, columns, screen)], ...lines] : lines;
  }

  /** As lists show rows: aligned, or on a narrow terminal in blocks without titles. */
  fitted(
    rows: readonly Row[],
    columns: number,
    screen: WriteStream | undefined,
  ): { readonly titles: readonly string[]; readonly rows: readonly (readonly string[])[] } {
    if (columns < NARROW_COLUMNS) {
      return { titles: [], rows: rows.map((row) => blockOf(row, this.#columns, columns, screen)) };
    }
    const [titles = [], ...lines] = this.#linesByRow(rows, columns, screen, true);
    return { titles, rows: lines };
  }

  /** One line for each row, with tabs between the cells, for programs. Printable text has no tabs in it. */
  tabbed(rows: readonly Row[], titled: boolean): readonly string[] {
    const columns = this.#columns.flatMap(({ title, onlyFilled }, i) => (onlyFilled ? [] : [{ title, i }]));
    const lines = rows.map((row) => columns.map(({ i }) => textOf(row[i] ?? '')).join('\t'));
    return titled ? [columns.map(({ title }) => title).join('\t'), ...lines] : lines;
  }

  #measure(row: Row): void {
    this.#columns.forEach(({ cut }, i) => {
      const text = textOf(row[i] ?? '');
      this.#widths[i] = Math.max(this.#widths[i] ?? 0, widthOf(text));
      this.#filled[i] ||= text !== '';
      if (cut !== 'path') return;
      const last = lastPartOf(text);
      const width = last === text ? widthOf(text) : widthOf(last) + 2;
      this.#lastParts[i] = Math.max(this.#lastParts[i] ?? 0, width);
    });
  }

  /** Titles are always cut at the end. */
  #titles(places: readonly Place[], columns: number, screen: WriteStream | undefined): string {
    const cells = this.#columns.map(({ title }) => [title, 'bold'] as const);
    const cutAtEnd = places.map((place) => ({ ...place, column: { ...place.column, cut: 'end' as const } }));
    return lineOf(cells, cutAtEnd, columns, screen);
  }

  #fitting(columns: number): readonly Place[] {
    let kept = this.#columns
      .map((column, index) => ({ column, index, least: this.#leastOf(index, columns) }))
      .filter(({ column, index }) => !column.onlyFilled || this.#filled[index]);
    // A column without any content is worth less than a whole cell of another.
    if (!this.#fitsWhole(columns)) {
      kept = kept.filter(({ column, index }) => column.dropOrder === undefined || this.#filled[index]);
    }
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

  #fitsWhole(columns: number): boolean {
    const shown = this.#widths.filter((_, i) => !this.#columns[i]?.onlyFilled || this.#filled[i]);
    return shown.reduce((sum, width) => sum + width + GAP.length, -GAP.length) <= columns;
  }

  /** One very long name does not push out all other columns: it takes more lines. */
  #leastOf(index: number, columns: number): number {
    const { cut, least = 1 } = this.#columns[index] ?? {};
    return cut === 'path' ? Math.min(this.#lastParts[index] ?? 0, Math.max(8, Math.floor(columns * 0.4))) : least;
  }
}

/** Narrows the widest column that may be cut until the line fits. Returns false if it cannot be made to fit. */
function shrink(places: readonly Place[], columns: number): boolean {
  if (columns === Infinity) return true;
  for (const place of places) if (place.column.cut) place.width = Math.min(place.width, columns);
  const gaps = GAP.length * (places.length - 1);
  let excess = places.reduce((sum, { width }) => sum + width, gaps) - columns;
  const room = ({ column, least, width }: Place): number => (column.cut ? width - least : 0);
  for (; excess > 0; excess -= 1) {
    const [widest] = places.filter((place) => room(place) > 0).sort((one, other) => other.width - one.width);
    if (widest === undefined) return false;
    widest.width -= 1;
  }
  return true;
}

/** A row, in one line unless the last part of a path does not fit. */
function linesOf(
  row: Row,
  places: readonly Place[],
  columns: number,
  screen: WriteStream | undefined,
): readonly string[] {
  const at = places.findIndex(({ column }) => column.cut === 'path');
  const place = places[at];
  const path = place && textOf(row[place.index] ?? '');
  if (path === undefined || cutPath(path, Math.min(place?.width ?? 0, columns)) !== undefined) {
    return [lineOf(row, places, columns, screen)];
  }
  const before = places.slice(0, at);
  const indent = before.reduce((sum, { width }) => sum + width + GAP.length, 0);
  const head = at === 0 ? '' : lineOf(row, before, columns, screen, indent);
  const parts = chunked(path, Math.max(1, columns - indent)).map(
    (part, i) => (i === 0 ? head : ' '.repeat(indent)) + part,
  );
  const rest = row.map((cell, i) => (i <= (place?.index ?? 0) ? '' : cell));
  return rest.some((cell) => textOf(cell) !== '') ? [...parts, lineOf(rest, places, columns, screen)] : parts;
}

/** `paddedTo`: pads the line to that width; otherwise it ends with its last character. */
function lineOf(
  row: Row,
  places: readonly Place[],
  columns: number,
  screen: WriteStream | undefined,
  paddedTo = 0,
): string {
  let left = columns;
  const cells = places.map(({ column, index, width }, i) => {
    const cell = row[index] ?? '';
    const isLast = i === places.length - 1 && paddedTo === 0;
    const text = padded(textOf(cell), column, Math.min(width, Math.max(0, left)), isLast);
    left -= width + GAP.length;
    return typeof cell === 'string' ? text : styled(text, cell[1], screen);
  });
  return paddedTo > 0 ? `${cells.join(GAP)}${GAP}` : cells.join(GAP).trimEnd();
}

function blockOf(
  row: Row,
  all: readonly Column[],
  columns: number,
  screen: WriteStream | undefined,
): readonly string[] {
  const inner = Math.max(1, columns - INDENT.length);
  const [first = '', ...others] = row.slice(0, all.length);
  const title = cutEnd(textOf(first), columns);
  const head = typeof first === 'string' ? title : styled(title, first[1], screen);
  const path = textOf(others[0] ?? '');
  const facts = others.flatMap((cell, i) => {
    const text = textOf(cell);
    return i === 0 || text === '' ? [] : [`${(all[i + 1]?.title ?? '').toLowerCase()} ${text}`];
  });
  const details = facts.length === 0 ? [] : wrapped(facts.join(', '), inner).flatMap((line) => chunked(line, inner));
  const inOne = widthOf(title) + GAP.length + widthOf(path) <= columns;
  const paths = inOne ? [] : chunked(path, inner);
  return [inOne ? `${head}${GAP}${path}` : head, ...[...paths, ...details].map((line) => INDENT + line)];
}

function padded(text: string, { cut, align }: Column, width: number, isLast: boolean): string {
  const fit =
    cut === 'path' ? (cutPath(text, width) ?? '') : cut === 'start' ? cutStart(text, width) : cutEnd(text, width);
  const padding = ' '.repeat(Math.max(0, width - widthOf(fit)));
  if (align === 'right') return padding + fit;
  return isLast ? fit : fit + padding;
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell[0];
}
