import { setMaxListeners } from 'node:events';

import type { Listed } from '../../admin/list.js';
import { VfsError } from '../../vfs/errors.js';
import { EXIT } from '../exit-codes.js';
import { Interrupted, signalExitCode, Signals } from '../signals.js';
import { lockJson } from '../terminal/json.js';
import { LOCK_COLUMNS, rowOf, WIDE_COLUMNS } from '../terminal/lock-rows.js';
import { compareKeys, countsText, matcherOf, sortKeysOf, type SortKeys } from '../terminal/lock-selection.js';
import { LocationMetrics, metricsText } from '../terminal/metrics-text.js';
import { print, whenUnread } from '../terminal/print.js';
import { printError } from '../terminal/print-error.js';
import { Progress } from '../terminal/progress.js';
import { RowPrinter } from '../terminal/row-printer.js';
import { columnsOf, screenOn } from '../terminal/screen.js';
import { type Row, Table } from '../terminal/table.js';
import { wrapped } from '../terminal/text.js';
import type { ArgumentsOf } from '../usage/arguments.js';
import { resolveListOptions, type ResolvedListOptions } from '../usage/settings.js';
import { openPlaces, placePath, type Missing, type Place } from '../usage/places.js';
import { locksIn } from './locks-in.js';

/** Nobody reads standard output any more. */
class Unread extends Error {}

/** Lists the locks in folders, and those of files, and resolves with the exit code. */
export async function ls(args: ArgumentsOf<'ls'>): Promise<number> {
  const options = resolveListOptions(args);
  const signals = new Signals();
  const { places, missing } = await openPlaces(args.locations);
  for (const { error } of missing) printError(error.message);
  const missingCode = missing[0]?.error.exitCode ?? 0;
  if (places.length === 0 && !options.prometheus) return missingCode;
  const unread = new AbortController();
  whenUnread(() => unread.abort(new Unread()));
  const signal = AbortSignal.any([signals.interrupted, unread.signal]);
  setMaxListeners(0, signal);
  if (args.watch) {
    const { watch } = await import('./watch.js');
    return watch(places, { ...args, ...options }, signal).then(() => 0, exitCodeOf);
  }
  if (options.prometheus) return printMetrics(places, missing, args.recursive, signal).catch(exitCodeOf);
  const listing = new Listing(places, args, options);
  try {
    return (await listing.print(signal)) || missingCode;
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

/** A lock that waits for the others that may come before it. */
interface Kept {
  readonly keys: SortKeys;
  readonly shown: string | Row;
}

class Listing {
  readonly #places: readonly Place[];
  readonly #args: ArgumentsOf<'ls'>;
  readonly #options: ResolvedListOptions;
  readonly #progress: Progress;
  readonly #rows: RowPrinter;
  readonly #counts = new Map<Listed['state'], number>();
  #kept: Kept[] = [];
  #failures = 0;

  constructor(places: readonly Place[], args: ArgumentsOf<'ls'>, options: ResolvedListOptions) {
    this.#places = places;
    this.#args = args;
    this.#options = options;
    this.#progress = new Progress(!args.quiet);
    const table = new Table(options.wide ? WIDE_COLUMNS : LOCK_COLUMNS);
    this.#rows = new RowPrinter(table, this.#progress, { headers: !args.noHeaders, wide: options.wide });
  }

  get found(): string {
    const count = this.#total;
    return count === 1 ? '1 lock' : `${count} locks`;
  }

  get #total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  async print(signal: AbortSignal): Promise<number> {
    const { sort } = this.#options;
    const matches = matcherOf(this.#options);
    const keysOf = sort && sortKeysOf(sort);
    const onError = (error: Error): void => this.#fail(error.message);
    for await (const { listed, name } of locksIn(this.#places, { recursive: this.#args.recursive, onError, signal })) {
      const { state, error } = listed;
      if (error) this.#failures += 1;
      if (!matches(listed)) continue;
      this.#counts.set(state, (this.#counts.get(state) ?? 0) + 1);
      const shown = this.#args.json ? lockJson(listed.file.toString(), listed, error) : rowOf(listed, name);
      if (keysOf === undefined) this.#show(shown);
      else this.#kept.push({ keys: keysOf(listed, name), shown });
      this.#progress.show(() => `${this.found} found`);
    }
    this.flush();
    this.#printTotals();
    return this.#failures > 0 ? EXIT.failed : 0;
  }

  /** Prints what was found so far. */
  flush(): void {
    const kept = this.#kept.sort((one, other) => compareKeys(one.keys, other.keys));
    this.#kept = [];
    for (const { shown } of kept) this.#show(shown);
    this.#rows.flush();
    this.#progress.clear();
  }

  #show(shown: string | Row): void {
    if (typeof shown === 'string') print(shown);
    else this.#rows.add(shown);
  }

  #printTotals(): void {
    const { quiet, json } = this.#args;
    if (quiet) return;
    // Where a folder could not be listed, nobody knows that there are none.
    if (this.#total === 0 && this.#failures === 0) {
      const which = this.#options.isFiltered ? ' that match' : '';
      printError(`there are no locks${which} in ${this.#places.map(placePath).join(', ')}`);
    }
    const screen = json ? undefined : screenOn(1);
    if (this.#total > 0 && screen) print(`${wrapped(countsText(this.#counts), columnsOf(screen)).join('\n')}\n`);
  }

  #fail(message: string): void {
    this.#failures += 1;
    this.#rows.flush();
    this.#progress.clear();
    printError(message);
  }
}

/** Prints metrics instead of locks, also of a place that cannot be read. */
async function printMetrics(
  places: readonly Place[],
  missing: readonly Missing[],
  recursive: boolean,
  signal: AbortSignal,
): Promise<number> {
  const all: LocationMetrics[] = [];
  for (const place of places) {
    const metrics = new LocationMetrics(placePath(place));
    all.push(metrics);
    const onError = (error: Error): void => {
      metrics.fail();
      printError(error.message);
    };
    try {
      for await (const { listed } of locksIn([place], { recursive, onError, signal })) {
        metrics.add(listed);
        if (listed.error) onError(listed.error);
      }
    } catch (error) {
      if (!(error instanceof VfsError)) throw error;
      onError(error);
    }
  }
  for (const { text } of missing) all.push(new LocationMetrics(text).fail());
  print(metricsText(all));
  return all.some(({ failures }) => failures > 0) ? EXIT.failed : 0;
}
