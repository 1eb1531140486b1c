import type { WriteStream } from 'node:tty';

import type { Listed } from '../../admin/list.js';
import type { Inspection } from '../../lock/inspect.js';
import { printable } from '../../lock/model/record.js';
import type { Folder } from '../../vfs/path.js';
import { displayPath } from './display-path.js';
import { LOCK_COLUMNS, rowOf } from './lock-rows.js';
import { STATE_STYLES } from './lock-text.js';
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
/** The lines that are not locks: heading, titles, the count of what did not fit, and the line of the cursor. */
const OTHER_LINES = 4;
/** More than any screen shows. Further locks are only counted. */
const MOST_KEPT = 500;

type State = Inspection['state'];

const STATES = Object.keys(STATE_STYLES) as readonly State[];

/** What one scan of the folder found. */
class Scan {
  readonly counts = new Map<State, number>();
  /** The first ones by path. */
  readonly locks: Listed[] = [];
  errors: readonly string[] = [];

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  add(listed: Listed): void {
    this.counts.set(listed.state, (this.counts.get(listed.state) ?? 0) + 1);
    const at = this.locks.findIndex((other) => other.file.path > listed.file.path);
    this.locks.splice(at === -1 ? this.locks.length : at, 0, listed);
    if (this.locks.length > MOST_KEPT) this.locks.pop();
  }

  summary(): string {
    const counted = STATES.filter((state) => this.counts.has(state));
    if (counted.length > 0) return counted.map((state) => `${this.counts.get(state) ?? 0} ${state}`).join(', ');
    return this.errors.length > 0 ? 'nothing could be listed' : 'no locks';
  }
}

/** A table of locks that fills the terminal, sorted by path and redrawn after each scan. */
export class LiveTable {
  readonly #folder: Folder;
  readonly #screen: WriteStream;
  #running = new Scan();
  #shown: Scan | undefined;

  constructor(folder: Folder, screen: WriteStream) {
    this.#folder = folder;
    this.#screen = screen;
    screen.on('resize', this.#draw);
  }

  add(listed: Listed): void {
    this.#running.add(listed);
  }

  endScan(errors: readonly string[]): void {
    if (this.#shown === undefined) this.#screen.write(ENTER);
    this.#shown = this.#running;
    this.#shown.errors = errors;
    this.#running = new Scan();
    this.#draw();
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
    const rows = scan.locks.slice(0, room).map((listed) => rowOf(listed, this.#folder));
    const heading = `${formatTime(new Date())}  ${scan.summary()}  ${printable(displayPath(this.#folder))}`;
    const hidden = scan.total - rows.length;
    return [
      cutEnd(heading, columns),
      ...scan.errors.map((message) => cutEnd(printable(message), columns)),
      ...(rows.length > 0 ? new Table(LOCK_COLUMNS).lines(rows, columns, this.#screen, true) : []),
      ...(hidden > 0 ? [cutEnd(`and ${hidden} more`, columns)] : []),
    ];
  }
}
