import { list, type Listed } from '../../admin/list.js';
import type { Folder } from '../../vfs/path.js';
import { sleep } from '../../util/sleep.js';
import { printable } from '../../lock/model/record.js';
import type { ListArguments } from '../usage/arguments.js';
import { printError } from '../usage/print-error.js';
import { idOf, lockJson } from './lock-text.js';
import { LOCK_COLUMNS, rowOf } from './lock-rows.js';
import { print } from './print.js';
import { columnsOf } from './rows.js';
import { LiveTable } from './live-table.js';
import { Table } from './table.js';
import { screenOn } from './terminal.js';

const EVERY_MS = 2000;

/**
 * Looks at the locks in a folder again and again: a board kept up to date on a terminal, else a line for each change, where
 * `free` is a lock that is gone. Never resolves; rejects when the signal aborts, or when even the first look fails.
 */
export async function watch(folder: Folder, args: ListArguments, signal: AbortSignal): Promise<never> {
  const screen = args.json ? undefined : screenOn(1);
  const view = screen ? new LiveTable(folder, screen) : new Changes(folder, args.json);
  try {
    for (let looks = 0; ; looks += 1) {
      const errors: string[] = [];
      try {
        const onError = (error: Error): unknown => errors.push(error.message);
        for await (const listed of list(folder, { recursive: args.recursive, onError, signal })) view.add(listed);
      } catch (error) {
        signal.throwIfAborted();
        if (looks === 0) throw error;
        errors.push(error instanceof Error ? error.message : String(error));
      }
      view.endOfLook(errors);
      await sleep(EVERY_MS, signal);
    }
  } finally {
    view.close();
  }
}

/** Tells of what changed since the look before. */
class Changes {
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
    if (before === undefined || signOf(before) !== signOf(listed)) this.#tell(listed);
  }

  endOfLook(errors: readonly string[]): void {
    for (const message of errors) printError(message);
    // After a look that failed, what was not seen may be there all the same.
    if (errors.length > 0)
      for (const [path, listed] of this.#before) if (!this.#now.has(path)) this.#now.set(path, listed);
    for (const [path, listed] of this.#before) if (!this.#now.has(path)) this.#tell(goneOf(listed));
    this.#before = this.#now;
    this.#now = new Map();
  }

  close(): void {
    this.#now.clear();
  }

  #tell(listed: Listed): void {
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

/** What has to change for a change to be told: not the lease, which changes with each renewal. */
function signOf(listed: Listed): string {
  const { state, reason, error } = listed;
  return [state, reason, error?.code, listed.record ? idOf(listed) : ''].map((part) => printable(part ?? '')).join(' ');
}

function goneOf(listed: Listed): Listed {
  const gone = { reason: undefined, record: undefined, ageMs: undefined, idleMs: undefined, expiresInMs: undefined };
  return { ...listed, ...gone, state: 'free', version: undefined, error: undefined };
}
