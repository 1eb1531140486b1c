import type { WriteStream } from 'node:tty';

import type { Listed } from '../../admin/list.js';
import type { Inspection } from '../../lock/inspect.js';
import { printable } from '../../lock/model/record.js';
import type { Wish } from './keys.js';
import { LOCK_COLUMNS, rowOf } from './lock-rows.js';
import { compareKeys, countsText, sortKeysOf, type SortKeys } from './lock-selection.js';
import { lineColumnsOf } from './screen.js';
import { Table } from './table.js';
import { cutEnd } from './text.js';
import { formatTime } from './time-text.js';

const ENTER = '\u{1b}[?1049h\u{1b}[?25l';
const LEAVE = '\u{1b}[?25h\u{1b}[?1049l';
const HOME = '\u{1b}[H';
const CLEAR_REST_OF_LINE = '\u{1b}[K';
const CLEAR_BELOW = '\u{1b}[J';

const USUAL_ROWS = 24;
/** The lines that are not locks: heading, titles, the line that says what did not fit, and the line of the cursor. */
const OTHER_LINES = 4;
/** More than anybody scrolls through. Further locks are only counted. */
const MOST_KEPT = 5000;

interface Kept {
  readonly listed: Listed;
  readonly name: string;
  readonly keys: SortKeys;
}

const urgencyOf = sortKeysOf('state');

/** What one scan found. */
class Scan {
  readonly counts = new Map<Inspection['state'], number>();
  /** The first ones, those that need somebody before all others. */
  readonly locks: Kept[] = [];
  errors: readonly string[] = [];

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  add(listed: Listed, name: string): void {
    this.counts.set(listed.state, (this.counts.get(listed.state) ?? 0) + 1);
    const kept = { listed, name, keys: urgencyOf(listed, name) };
    this.locks.splice(this.#placeOf(kept.keys), 0, kept);
    if (this.locks.length > MOST_KEPT) this.locks.pop();
  }

  /** How many of them come before one with these keys, found by halving. */
  #placeOf(keys: SortKeys): number {
    let [low, high] = [0, this.locks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.locks[middle]?.keys ?? [];
      if (compareKeys(other, keys) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  summary(): string {
    if (this.counts.size > 0) return countsText(this.counts);
    return this.errors.length > 0 ? 'nothing could be listed' : 'no locks';
  }
}

/** A table of locks that fills the terminal, those that need somebody first, redrawn after each scan and each key. */
export class LiveTable {
  readonly #places: string;
  readonly #screen: WriteStream;
  #running = new Scan();
  #shown: Scan | undefined;
  /** The first lock that is shown, and how many are. */
  #top = 0;
  #page = 1;

  /** `places`: where the locks are, for the heading. */
  constructor(places: string, screen: WriteStream) {
    this.#places = places;
    this.#screen = screen;
    screen.on('resize', this.#draw);
  }

  add(listed: Listed, name: string): void {
    this.#running.add(listed, name);
  }

  endScan(errors: readonly string[]): void {
    if (this.#shown === undefined) this.#screen.write(ENTER);
    this.#shown = this.#running;
    this.#shown.errors = errors;
    this.#running = new Scan();
    this.#draw();
  }

  scroll(wish: Exclude<Wish, 'quit'>): void {
    const last = (this.#shown?.locks.length ?? 0) - 1;
    const targets = {
      ...{ up: this.#top - 1, down: this.#top + 1, top: 0, end: last - this.#page + 1 },
      ...{ 'page-up': this.#top - this.#page, 'page-down': this.#top + this.#page },
    };
    this.#top = Math.max(0, Math.min(targets[wish], last));
    this.#draw();
  }

  /** Leaves the terminal to others for a while, and takes it again. */
  pause(paused: boolean): void {
    if (this.#shown === undefined) return;
    this.#screen.write(paused ? LEAVE : ENTER);
    if (!paused) this.#draw();
  }

  /** Restores the terminal and leaves the last table on it. */
  close(): void {
    this.#screen.off('resize', this.#draw);
    if (this.#shown) this.#screen.write(`${LEAVE}${this.#linesOf(this.#shown).join('\n')}\n`);
    this.#shown = undefined;
  }

  readonly #draw = (): void => {
    if (this.#shown === undefined) return;
    const lines = this.#linesOf(this.#shown).map((line) => `${line}${CLEAR_REST_OF_LINE}\n`);
    this.#screen.write(HOME + lines.join('') + CLEAR_BELOW);
  };

  #linesOf(scan: Scan): readonly string[] {
    const columns = lineColumnsOf(this.#screen);
    const room = Math.max(1, (this.#screen.rows || USUAL_ROWS) - OTHER_LINES - scan.errors.length);
    this.#top = Math.max(0, Math.min(this.#top, scan.locks.length - 1));
    const { titles, rows } = tableOf(scan.locks.slice(this.#top, this.#top + room), columns, this.#screen);
    let used = 0;
    const shown = rows.filter((lines, i) => (used += lines.length) <= room || i === 0);
    this.#page = Math.max(1, shown.length);
    const heading = `${formatTime(new Date())}  ${scan.summary()}  ${printable(this.#places)}`;
    const place = `${this.#top + 1} to ${this.#top + shown.length} of ${scan.total}; arrow keys scroll, q quits`;
    return [
      cutEnd(heading, columns),
      ...scan.errors.map((message) => cutEnd(printable(message), columns)),
      ...(shown.length > 0 ? [...titles, ...shown.flat().slice(0, room)] : []),
      ...(shown.length < scan.total ? [cutEnd(place, columns)] : []),
    ];
  }
}

function tableOf(
  locks: readonly Kept[],
  columns: number,
  screen: WriteStream,
): { readonly titles: readonly string[]; readonly rows: readonly (readonly string[])[] } {
  const rows = locks.map(({ listed, name }) => rowOf(listed, name));
  return new Table(LOCK_COLUMNS).fitted(rows, columns, screen);
}
