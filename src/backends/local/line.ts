import { hash } from 'node:crypto';
import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { clearInterval, setInterval } from 'node:timers';

import type { WaitingLine } from '../../vfs/line.js';
import { entryName, isHolderEntry, stagedPath } from '../../vfs/names.js';
import { nameOf } from '../../vfs/path.js';
import { codeOf } from '../shared/plain/posix-errors.js';
import { isOnOwnDisk } from './disk.js';
import { partyIn } from './party.js';
import { isPrivate } from './private-folder.js';
import { watchFile } from './watch.js';

/** How often a waiter checks that the process before it still runs, in milliseconds: one that was killed does not leave the line. */
const ALIVE_MS = 250;

/** How often somebody may remove the empty folder of the line just before this process puts its ticket there. */
const MOST_TRIES = 10;

/** How many tickets of processes that have ended a waiter removes before it tries to take the lock after all. */
const MOST_TURNS = 100;

const TICKET_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

/** A test may replace it by a clock that stands still. */
const nanoseconds = process.hrtime.bigint.bind(process.hrtime);

/** Those of this process that stand in a line. */
const tickets = new Set<LocalLine>();
let isListening = false;

/**
 * A line made of files: each waiter has a ticket, an empty file in a folder beside the lock file, and watches the ticket of the one
 * before it. So a release wakes one process, however many wait. The names sort by the time at which their owners came. What killed
 * processes leave has the names of a holder's folder and its entries, so that `sweep` clears it.
 */
export class LocalLine implements WaitingLine {
  readonly #folder: string;
  readonly #name: string;
  #before: readonly string[] = [];
  #isIn = false;

  constructor(lock: string) {
    this.#folder = stagedPath(lock, hash('sha256', `line of ${nameOf(lock)}`, 'hex').slice(0, 32));
    this.#name = ticketName();
  }

  get isOccupied(): boolean {
    return lstatSync(this.#folder, { throwIfNoEntry: false }) !== undefined;
  }

  join(): number {
    try {
      let names = this.#isIn ? this.#names() : undefined;
      if (!names?.includes(this.#name)) {
        this.#takeTicket();
        names = this.#names();
      }
      const own = this.#name;
      this.#before = (names ?? []).filter((name) => name < own && isHolderEntry(name)).sort();
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
        // Whoever is before that one left earlier, or gave up: then this caller finds the lock taken, and joins again.
        this.#before = [];
        onChange();
      };
      const stop = removeIfEnded(ticket) ? undefined : watchFile(ticket, onLeft);
      const timer = stop && setInterval(() => removeIfEnded(ticket), ALIVE_MS).unref();
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
    remove(`${this.#folder}/${this.#name}`);
    try {
      // An exception costs more than a check.
      if (this.#names()?.length === 0) rmdirSync(this.#folder);
    } catch {
      // Somebody else came in, or removed it.
    }
  }

  #takeTicket(): void {
    const ticket = `${this.#folder}/${this.#name}`;
    this.#isIn = false;
    for (let tries = 1; !this.#isIn; tries += 1) {
      try {
        closeSync(openSync(ticket, TICKET_FLAGS, 0o600));
        this.#isIn = true;
      } catch (error) {
        // The last one in the line removed its folder.
        if (codeOf(error) !== 'ENOENT' || tries > MOST_TRIES) throw error;
        makeFolder(this.#folder);
      }
    }
    tickets.add(this);
    if (!isListening) process.on('exit', leaveAll);
    isListening = true;
  }

  #names(): readonly string[] | undefined {
    try {
      return readdirSync(this.#folder);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }
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

/** Microseconds since the machine started, the process, and a random number: as long as an id. */
function ticketName(): string {
  const numbers = [Number(nanoseconds() / 1000n), process.pid, Math.random() * 2 ** 48];
  const [time = '', pid = '', random = ''] = numbers.map((each) => Math.floor(each).toString(16));
  return `${entryName(time.padStart(12, '0') + pid.padStart(8, '0') + random.padStart(12, '0'))}.1.new`;
}

function pidOf(ticket: string): number {
  return Number.parseInt(nameOf(ticket).slice(entryName('').length + 12, entryName('').length + 20), 16);
}

/** Removes the ticket of a process that has ended. False: it still runs. */
function removeIfEnded(ticket: string): boolean {
  try {
    process.kill(pidOf(ticket), 0);
    return false;
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') return false;
  }
  remove(ticket);
  return true;
}

function remove(ticket: string): void {
  try {
    unlinkSync(ticket);
  } catch {
    // It is gone, or stays for the next one who checks.
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, 0o700);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

function leaveAll(): void {
  for (const ticket of tickets) ticket.leave();
}
