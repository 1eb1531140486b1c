import { setMaxListeners } from 'node:events';

import type { Listed } from '../../admin/list.js';
import { printable } from '../../lock/model/record.js';
import { sleep } from '../../util/sleep.js';
import { lockJson } from '../terminal/json.js';
import { Keys } from '../terminal/keys.js';
import { LiveTable } from '../terminal/live-table.js';
import { LOCK_COLUMNS, rowOf } from '../terminal/lock-rows.js';
import { matcherOf, type Selection } from '../terminal/lock-selection.js';
import { print } from '../terminal/print.js';
import { printError } from '../terminal/print-error.js';
import { screenOn } from '../terminal/screen.js';
import { Table } from '../terminal/table.js';
import type { Place } from '../usage/places.js';
import { locksIn } from './locks-in.js';

interface WatchOptions extends Selection {
  readonly json: boolean;
  readonly recursive: boolean;
  readonly noHeaders: boolean;
  readonly everyMs: number;
}

/**
 * Lists locks again and again: as a live table on a terminal, otherwise as one line per change, where a lock that is gone has the
 * state `free`. Resolves when somebody quits; rejects when the signal aborts or when the first scan fails.
 */
export async function watch(places: readonly Place[], options: WatchOptions, signal: AbortSignal): Promise<void> {
  const quit = new AbortController();
  const ended = AbortSignal.any([signal, quit.signal]);
  setMaxListeners(0, ended);
  const screen = options.json ? undefined : screenOn(1);
  const view = screen ? new LiveTable(places.map(({ text }) => text).join(' '), screen) : new ChangeLog(options);
  const keys = view instanceof LiveTable ? keysFor(view, quit) : undefined;
  try {
    for (let scans = 0; ; scans += 1) {
      view.endScan(await scan(places, options, view, ended, scans === 0));
      await sleep(options.everyMs, ended);
    }
  } catch (error) {
    if (signal.aborted || !quit.signal.aborted) throw error;
  } finally {
    keys?.close();
    view.close();
  }
}

/** Adds what is found to the view, and resolves with what went wrong. Only a first scan may fail as a whole. */
async function scan(
  places: readonly Place[],
  options: WatchOptions,
  view: LiveTable | ChangeLog,
  signal: AbortSignal,
  isFirst: boolean,
): Promise<readonly string[]> {
  const errors: string[] = [];
  const matches = matcherOf(options);
  try {
    const onError = (error: Error): unknown => errors.push(error.message);
    for await (const { listed, name } of locksIn(places, { recursive: options.recursive, onError, signal })) {
      if (matches(listed)) view.add(listed, name);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (isFirst) throw error;
    errors.push(error instanceof Error ? error.message : String(error));
  }
  return errors;
}

function keysFor(view: LiveTable, quit: AbortController): Keys {
  return new Keys(
    (wish) => {
      if (wish === 'quit') quit.abort();
      else view.scroll(wish);
    },
    (paused) => view.pause(paused),
  );
}

type Named = readonly [listed: Listed, name: string];

/** Prints the differences between one scan and the next. */
class ChangeLog {
  readonly #json: boolean;
  readonly #table = new Table(LOCK_COLUMNS);
  #before = new Map<string, Named>();
  #now = new Map<string, Named>();
  #titled: boolean;

  constructor({ json, noHeaders }: Pick<WatchOptions, 'json' | 'noHeaders'>) {
    this.#json = json;
    this.#titled = noHeaders;
  }

  add(listed: Listed, name: string): void {
    const before = this.#before.get(listed.path);
    this.#now.set(listed.path, [listed, name]);
    if (before === undefined || fingerprintOf(before[0]) !== fingerprintOf(listed)) this.#print([listed, name]);
  }

  endScan(errors: readonly string[]): void {
    for (const message of errors) printError(message);
    for (const [path, [listed, name]] of this.#before) {
      if (this.#now.has(path)) continue;
      // A scan with errors may have missed locks that are still there.
      if (errors.length > 0) this.#now.set(path, [listed, name]);
      else this.#print([goneOf(listed), name]);
    }
    this.#before = this.#now;
    this.#now = new Map();
  }

  close(): void {
    this.#now.clear();
  }

  #print([listed, name]: Named): void {
    if (this.#json) {
      print(lockJson(listed.file.toString(), listed, listed.error));
      return;
    }
    const lines = this.#table.tabbed([rowOf(listed, name)], !this.#titled);
    this.#titled = true;
    print(lines.map((line) => `${line}\n`).join(''));
  }
}

/** A lock is printed again when this changes. It leaves out the lease, which changes with each renewal. */
function fingerprintOf(listed: Listed): string {
  const { state, reason, error } = listed;
  return [state, reason, error?.code, listed.record ? listed.id : ''].map((part) => printable(part ?? '')).join(' ');
}

function goneOf(listed: Listed): Listed {
  const gone = {
    ...{ reason: undefined, record: undefined, fencingToken: undefined },
    ...{ ageMs: undefined, idleMs: undefined, expiresInMs: undefined },
  };
  return { ...listed, ...gone, state: 'free', version: undefined, id: undefined, error: undefined };
}
