import { setMaxListeners } from 'node:events';

import { list } from '../../admin/list.js';
import type { Folder } from '../../vfs/path.js';
import { EXIT } from '../exit-codes.js';
import { Interrupted, signalExitCode, Signals } from '../signals.js';
import { displayPath } from '../terminal/display-path.js';
import { LOCK_COLUMNS, rowOf } from '../terminal/lock-rows.js';
import { lockJson } from '../terminal/lock-text.js';
import { print, whenUnread } from '../terminal/print.js';
import { printError } from '../terminal/print-error.js';
import { Progress } from '../terminal/progress.js';
import { RowPrinter } from '../terminal/row-printer.js';
import { Table } from '../terminal/table.js';
import type { ArgumentsOf } from '../usage/arguments.js';
import { openLocation } from '../usage/target.js';

/** Nobody reads standard output any more. */
class Unread extends Error {}

/** Lists the locks in a folder and resolves with the exit code. */
export async function ls(args: ArgumentsOf<'ls'>): Promise<number> {
  const signals = new Signals();
  const folder = await openLocation(args.location);
  const unread = new AbortController();
  whenUnread(() => unread.abort(new Unread()));
  const signal = AbortSignal.any([signals.interrupted, unread.signal]);
  setMaxListeners(0, signal);
  if (args.watch) return (await import('./watch.js')).watch(folder, args, signal).catch(exitCodeOf);
  const listing = new Listing(folder, args);
  try {
    return await listing.print(signal);
  } catch (error) {
    const code = exitCodeOf(error);
    if (error instanceof Interrupted) printError(`interrupted: ${listing.found} found so far, there may be more`);
    return code;
  } finally {
    listing.flush();
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted) return signalExitCode(error.signal);
  if (error instanceof Unread) return 0;
  throw error;
}

class Listing {
  readonly #folder: Folder;
  readonly #args: ArgumentsOf<'ls'>;
  readonly #progress: Progress;
  readonly #rows: RowPrinter;
  #count = 0;
  #failures = 0;

  constructor(folder: Folder, args: ArgumentsOf<'ls'>) {
    this.#folder = folder;
    this.#args = args;
    this.#progress = new Progress(!args.quiet && !process.stdout.isTTY);
    this.#rows = new RowPrinter(new Table(LOCK_COLUMNS), this.#progress);
  }

  get found(): string {
    return this.#count === 1 ? '1 lock' : `${this.#count} locks`;
  }

  async print(signal: AbortSignal): Promise<number> {
    const onError = (error: Error): void => this.#fail(error.message);
    for await (const listed of list(this.#folder, { recursive: this.#args.recursive, onError, signal })) {
      // Nobody holds it: its file only keeps the count of fencing tokens, or cannot be removed.
      if (listed.state === 'released') continue;
      this.#count += 1;
      if (listed.error) this.#failures += 1;
      if (this.#args.json) print(`${lockJson(listed.file.toString(), listed, listed.error)}\n`);
      else this.#rows.add(rowOf(listed, this.#folder));
      this.#progress.show(() => `${this.found} found`);
    }
    this.flush();
    if (this.#count === 0 && !this.#args.quiet) printError(`there are no locks in ${displayPath(this.#folder)}`);
    return this.#failures > 0 ? EXIT.failed : 0;
  }

  flush(): void {
    this.#rows.flush();
    this.#progress.clear();
  }

  #fail(message: string): void {
    this.#failures += 1;
    this.flush();
    printError(message);
  }
}
