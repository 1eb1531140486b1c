import type { WriteStream } from 'node:tty';

import type { Inspection } from '../../lock/inspect.js';
import type { Listed } from '../../admin/list.js';
import type { Folder } from '../../vfs/path.js';
import { printable } from '../../lock/model/record.js';
import { STATE_STYLES } from './lock-text.js';
import { LOCK_COLUMNS, rowOf } from './lock-rows.js';
import { Table } from './table.js';
import { shownFolder } from '../usage/target.js';
import { cutOff, timeOf } from './terminal.js';

const ENTER = '\u{1b}[?1049h\u{1b}[?25l';
const LEAVE = '\u{1b}[?25h\u{1b}[?1049l';
const HOME = '\u{1b}[H';
const CLEAR_REST_OF_LINE = '\u{1b}[K';
const CLEAR_BELOW = '\u{1b}[J';

/** Lines that are not locks: the heading, the titles, what did not fit, and the one that the cursor stays on. */
const OTHER_LINES = 4;
/** More than any screen shows; the rest is counted only. */
const MOST_KEPT = 500;

const STATES = Object.keys(STATE_STYLES) as readonly Inspection['state'][];

/** A whole terminal full of locks, sorted by name, drawn anew after each look. */
export class LiveTable {
  readonly #folder: Folder;
  readonly #screen: WriteStream;
  #counts = new Map<Inspection['state'], number>();
  #locks: Listed[] = [];
  #frame: (() => readonly string[]) | undefined;

  constructor(folder: Folder, screen: WriteStream) {
    this.#folder = folder;
    this.#screen = screen;
    screen.on('resize', this.#draw);
  }

  add(listed: Listed): void {
    this.#counts.set(listed.state, (this.#counts.get(listed.state) ?? 0) + 1);
    const at = this.#locks.findIndex((other) => other.file.path > listed.file.path);
    this.#locks.splice(at === -1 ? this.#locks.length : at, 0, listed);
    if (this.#locks.length > MOST_KEPT) this.#locks.pop();
  }

  endOfLook(errors: readonly string[]): void {
    const [counts, locks] = [this.#counts, this.#locks];
    if (this.#frame === undefined) this.#screen.write(ENTER);
    this.#frame = () => this.#linesOf(counts, locks, errors);
    this.#counts = new Map();
    this.#locks = [];
    this.#draw();
  }

  /** Gives the terminal back, with the last that was to be seen. */
  close(): void {
    this.#screen.off('resize', this.#draw);
    if (this.#frame) this.#screen.write(`${LEAVE}${this.#frame().join('\n')}\n`);
    this.#frame = undefined;
  }

  readonly #draw = (): void => {
    if (this.#frame === undefined) return;
    const lines = this.#frame().map((line) => `${line}${CLEAR_REST_OF_LINE}\n`);
    this.#screen.write(HOME + lines.join('') + CLEAR_BELOW);
  };

  #linesOf(
    counts: ReadonlyMap<Inspection['state'], number>,
    locks: readonly Listed[],
    errors: readonly string[],
  ): readonly string[] {
    const columns = (this.#screen.columns || 80) - 1;
    const room = Math.max(1, (this.#screen.rows || 24) - OTHER_LINES - errors.length);
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const states = STATES.filter((state) => counts.has(state)).map((state) => `${counts.get(state) ?? 0} ${state}`);
    const heading = `${timeOf(new Date())}  ${total > 0 ? states.join(', ') : errors.length > 0 ? 'nothing to be seen' : 'no locks'}  ${printable(shownFolder(this.#folder))}`;
    const table = new Table(LOCK_COLUMNS);
    const rows = locks.slice(0, room).map((listed) => rowOf(listed, this.#folder));
    return [
      cutOff(heading, columns),
      ...errors.map((message) => cutOff(printable(message), columns)),
      ...(rows.length > 0 ? table.lines(rows, columns, this.#screen, true) : []),
      ...(total > rows.length ? [cutOff(`and ${total - rows.length} more`, columns)] : []),
    ];
  }
}
