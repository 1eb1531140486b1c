import { writeFile } from 'node:fs/promises';

import { drawTimeline, HistoryCounter, type HistoryEntry } from '../../../journal/index.js';
import { entryJson } from '../../../journal/json.js';
import { CliError, EXIT, usageError } from '../../exit-codes.js';
import { Interrupted, signalExitCode, Signals } from '../../signals.js';
import { jsonLine } from '../../terminal/json.js';
import { print } from '../../terminal/print.js';
import { printError } from '../../terminal/print-error.js';
import { columnsOf, screenOn } from '../../terminal/screen.js';
import { Table } from '../../terminal/table.js';
import type { ArgumentsOf } from '../../usage/arguments.js';
import { resolveHistoryOptions } from '../../usage/settings.js';
import { HISTORY_COLUMNS, numbersOf, rowOf, totalsJson } from './rows.js';
import { sourceOf, type HistorySource } from './source.js';

/** Shows the history of a lock or of a folder, and resolves with the exit code. */
export async function history(args: ArgumentsOf<'history'>): Promise<number> {
  const signals = new Signals();
  const { sinceMs, limit } = resolveHistoryOptions(args);
  const { interrupted: signal } = signals;
  try {
    if (args.prune) return await (await import('./prune.js')).prune(args, args.prune, signal);
    if (args.dryRun) throw usageError('--dry-run needs --prune');
    const source = await sourceOf(args);
    const printer = new HistoryPrinter(source, args, limit);
    const since = sinceMs === undefined ? undefined : new Date(Date.now() - sinceMs);
    const entries = printer.counted(source.read({ since, signal, onSkip: () => printer.skip() }));
    if (args.timeline) await draw(entries, source.title, args.timeline.text);
    else await printer.print(entries);
    if (!args.quiet) printer.reportMissing();
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) return signalExitCode(error.signal);
    throw error;
  }
}

async function draw(entries: AsyncIterable<HistoryEntry>, title: string, path: string): Promise<void> {
  const picture = await drawTimeline(entries, { title, format: path.endsWith('.svg') ? 'svg' : 'html' });
  try {
    await writeFile(path, picture);
  } catch (cause) {
    throw new CliError(EXIT.failed, `cannot write the timeline: ${(cause as Error).message}`, { cause });
  }
}

class HistoryPrinter {
  readonly #source: HistorySource;
  readonly #args: ArgumentsOf<'history'>;
  readonly #limit: number;
  readonly #counter = new HistoryCounter();
  #count = 0;
  #skipped = 0;

  constructor(source: HistorySource, args: ArgumentsOf<'history'>, limit: number) {
    this.#source = source;
    this.#args = args;
    this.#limit = limit;
  }

  /** A line that is not understood. */
  skip(): void {
    this.#skipped += 1;
  }

  async *counted(entries: AsyncIterable<HistoryEntry>): AsyncGenerator<HistoryEntry> {
    for await (const entry of entries) {
      this.#count += 1;
      this.#counter.add(entry);
      yield entry;
    }
  }

  async print(entries: AsyncIterable<HistoryEntry>): Promise<void> {
    const { json, summary } = this.#args;
    const last: HistoryEntry[] = [];
    for await (const entry of entries) {
      if (summary) continue;
      if (json && this.#limit === Infinity) print(jsonLine('history', entryJson(entry)));
      else last.push(entry);
      if (last.length > 2 * this.#limit) last.splice(0, last.length - this.#limit);
    }
    const shown = last.slice(-this.#limit);
    const { statistics } = this.#counter;
    if (json && summary) print(jsonLine('history-totals', totalsJson(this.#source.title, statistics, this.#skipped)));
    else if (json) print(shown.map((entry) => jsonLine('history', entryJson(entry))).join(''));
    else this.#printTable(shown);
  }

  #printTable(shown: readonly HistoryEntry[]): void {
    if (this.#count === 0) return;
    const screen = screenOn(1);
    const rows = shown.map((entry) => rowOf(entry, this.#source.prefix));
    const lines =
      rows.length === 0 ? [] : [...new Table(HISTORY_COLUMNS).lines(rows, columnsOf(screen), screen, true), ''];
    print([...lines, ...numbersOf(this.#counter.statistics)].map((line) => `${line}\n`).join(''));
  }

  reportMissing(): void {
    const { dropped } = this.#counter.statistics;
    if (this.#count === 0) printError(`there is no history of ${this.#source.title}; see vfs-lockfile history --help`);
    if (this.#skipped > 0) printError(`left out ${this.#skipped} lines that are damaged or foreign`);
    if (dropped > 0) printError(`${dropped} lines are missing: they could not be written`);
  }
}
