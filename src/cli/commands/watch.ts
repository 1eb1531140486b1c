import { list, type Listed } from '../../admin/list.js';
import { printable } from '../../lock/model/record.js';
import { sleep } from '../../util/sleep.js';
import type { Folder } from '../../vfs/path.js';
import { LiveTable } from '../terminal/live-table.js';
import { LOCK_COLUMNS, rowOf } from '../terminal/lock-rows.js';
import { lockJson } from '../terminal/lock-text.js';
import { print } from '../terminal/print.js';
import { printError } from '../terminal/print-error.js';
import { columnsOf, screenOn } from '../terminal/screen.js';
import { Table } from '../terminal/table.js';
import type { ArgumentsOf } from '../usage/arguments.js';

const EVERY_MS = 2000;

/**
 * Lists the locks in a folder every two seconds: as a live table on a terminal, otherwise as one line per change, where a
 * lock that is gone has the state `free`. Never resolves; rejects when the signal aborts or when the first scan fails.
 */
export async function watch(folder: Folder, args: ArgumentsOf<'ls'>, signal: AbortSignal): Promise<never> {
  const screen = args.json ? undefined : screenOn(1);
  const view = screen ? new LiveTable(folder, screen) : new ChangeLog(folder, args.json);
  try {
    for (let scans = 0; ; scans += 1) {
      const errors: string[] = [];
      try {
        const onError = (error: Error): unknown => errors.push(error.message);
        for await (const listed of list(folder, { recursive: args.recursive, onError, signal })) {
          if (listed.state !== 'released') view.add(listed);
        }
      } catch (error) {
        signal.throwIfAborted();
        if (scans === 0) throw error;
        errors.push(error instanceof Error ? error.message : String(error));
      }
      view.endScan(errors);
      await sleep(EVERY_MS, signal);
    }
  } finally {
    view.close();
  }
}

/** Prints the differences between one scan and the next. */
class ChangeLog {
  readonly #folder: Folder;
  readonly #json: boolean;
  readonly #table = new Table(LOCK_COLUMNS);
  #before = new Map<string, Listed>();
  #now = new Map<string, Listed>();
  #titled = false;

  constructor(folder: Folder, json: boolean) {
    this.#folder = folder;
    this.#json = json;
  }

  add(listed: Listed): void {
    const before = this.#before.get(listed.file.path);
    this.#now.set(listed.file.path, listed);
    if (before === undefined || fingerprintOf(before) !== fingerprintOf(listed)) this.#print(listed);
  }

  endScan(errors: readonly string[]): void {
    for (const message of errors) printError(message);
    for (const [path, listed] of this.#before) {
      if (this.#now.has(path)) continue;
      // A scan with errors may have missed locks that are still there.
      if (errors.length > 0) this.#now.set(path, listed);
      else this.#print(goneOf(listed));
    }
    this.#before = this.#now;
    this.#now = new Map();
  }

  close(): void {
    this.#now.clear();
  }

  #print(listed: Listed): void {
    if (this.#json) {
      print(`${lockJson(listed.file.toString(), listed, listed.error)}\n`);
      return;
    }
    const row = rowOf(listed, this.#folder);
    const lines = this.#table.lines([row], columnsOf(undefined), undefined, !this.#titled);
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
    reason: undefined,
    record: undefined,
    fencingToken: undefined,
    ageMs: undefined,
    idleMs: undefined,
    expiresInMs: undefined,
  };
  return { ...listed, ...gone, state: 'free', version: undefined, id: undefined, error: undefined };
}
