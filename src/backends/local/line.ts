import { hash } from 'node:crypto';
import { lstatSync, statSync } from 'node:fs';
import { clearInterval, setInterval } from 'node:timers';

import { RecentMap } from '../../util/recent-map.js';
import type { WaitingLine } from '../../vfs/line.js';
import { stagedPath } from '../../vfs/names.js';
import { nameOf } from '../../vfs/path.js';
import { isOnOwnDisk } from './disk.js';
import { partyIn } from './party.js';
import { isPrivate } from './private-folder.js';
import { putTicket, remove, removeIfEnded, removeKept, takeTicket, ticketName, waitingIn } from './tickets.js';
import { watchFile } from './watch.js';

/**
 * How often a waiter checks that the process before it still runs and stands there, in milliseconds: one that was killed does not
 * leave the line, and the system may lose an event.
 */
const ALIVE_MS = 250;

/** How many tickets of processes that have ended a waiter removes before it tries to take the lock after all. */
const MOST_TURNS = 100;

const MOST_FOLDERS = 1000;

/** The folders of lines, by the path of the lock. */
const folders = new RecentMap<string>(MOST_FOLDERS);

/** Those of this process that stand in a line. */
const tickets = new Set<LocalLine>();
let isListening = false;

/**
 * A line made of files: each waiter has a ticket, an empty file in a folder beside the lock file, and watches the ticket of the one
 * before it. So a release wakes one process, however many wait. The names sort by the time at which their owners came. What killed
 * processes leave has the names of a holder's folder and its entries, so that `sweep` clears it.
 */
export class LocalLine implements WaitingLine {
  readonly #lock: string;
  readonly #folder: string;
  readonly #name: string;
  #before: readonly string[] = [];
  #isIn = false;

  constructor(lock: string) {
    this.#lock = lock;
    this.#folder = folders.get(lock) ?? newFolder(lock);
    this.#name = ticketName();
  }

  get isTaken(): boolean {
    return isThere(this.#lock);
  }

  get isOccupied(): boolean {
    // Most often there is none, and an exception costs more than a check.
    return isThere(this.#folder) && (this.#waiting() ?? []).length > 0;
  }

  join(): number {
    try {
      let names = this.#isIn ? waitingIn(this.#folder) : undefined;
      if (!names?.includes(this.#name)) {
        this.#enter();
        names = waitingIn(this.#folder);
      }
      const own = this.#name;
      this.#before = (names ?? []).filter((name) => name < own);
    } catch {
      // A full or read-only disk, for example: then this caller waits outside the line.
      this.#before = [];
    }
    return this.#before.length;
  }

  watch(onChange: () => void): (() => void) | undefined {
    // Each turn finds one less, unless the ticket of a process that has ended cannot be removed.
    for (let turns = 0; turns < MOST_TURNS; turns += 1) {
      const before = this.#before.at(-1);
      if (before === undefined) break;
      const ticket = `${this.#folder}/${before}`;
      const onLeft = (): void => {
        clearInterval(timer);
        stop?.();
        // Whoever is before that one left earlier, or gave up: then this caller finds the lock taken, and joins again.
        this.#before = [];
        onChange();
      };
      const stop = removeIfEnded(ticket) ? undefined : watchTicket(ticket, onLeft);
      const check = (): void => {
        if (removeIfEnded(ticket) || !isThere(ticket)) onLeft();
      };
      const timer = stop && setInterval(check, ALIVE_MS).unref();
      if (stop === undefined) this.join();
      else
        return () => {
          clearInterval(timer);
          stop();
        };
    }
    return undefined;
  }

  overtake(): void {
    this.join();
    for (const name of this.#before) remove(`${this.#folder}/${name}`);
  }

  leave(): void {
    if (!this.#isIn) return;
    this.#isIn = false;
    tickets.delete(this);
    takeTicket(this.#folder, this.#name);
  }

  #enter(): void {
    this.#isIn = false;
    putTicket(this.#folder, this.#name);
    this.#isIn = true;
    tickets.add(this);
    if (!isListening) process.on('exit', leaveAll);
    isListening = true;
  }

  #waiting(): readonly string[] | undefined {
    try {
      return waitingIn(this.#folder);
    } catch {
      return undefined;
    }
  }
}

/** Undefined: it is gone. A ticket that is renamed while the watch begins may be watched under its new name, without an event. */
function watchTicket(ticket: string, onLeft: () => void): (() => void) | undefined {
  const stop = watchFile(ticket, onLeft);
  if (stop === undefined || isThere(ticket)) return stop;
  stop();
  return undefined;
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Whether the locks in a folder have lines: on a disk of this machine, and only where nobody else may put files. */
export function mayHaveLine(folder: string): boolean {
  if (process.platform !== 'linux' || !isOnOwnDisk(folder)) return false;
  try {
    return isPrivate(partyIn(folder).surroundings ?? { stats: statSync(folder), euid: process.geteuid?.() });
  } catch {
    // The folder is gone; the operation itself will say so.
    return false;
  }
}

function newFolder(lock: string): string {
  const folder = stagedPath(lock, hash('sha256', `line of ${nameOf(lock)}`, 'hex').slice(0, 32));
  folders.set(lock, folder);
  return folder;
}

function leaveAll(): void {
  removeKept(true);
  for (const ticket of tickets) ticket.leave();
}
