import { closeSync, constants, mkdirSync, openSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { setTimeout } from 'node:timers';

import { entryName, isHolderEntry } from '../../vfs/names.js';
import { nameOf } from '../../vfs/path.js';
import { monotonicMs } from '../../util/time.js';
import { codeOf } from '../shared/plain/posix-errors.js';

/** How often somebody may remove the empty folder of the line just before this process puts its ticket there. */
const MOST_TRIES = 10;

/** How long a ticket that nobody needs is kept where this process waits again and again, in milliseconds. */
const KEPT_MS = 1000;

const TICKET_FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;

const TIME_DIGITS = 12;
const PID_DIGITS = 8;
const RANDOM_DIGITS = 12;

/** In the place of the time: behind all who wait. */
const KEPT_PREFIX = entryName('f'.repeat(TIME_DIGITS));

/** A test may replace it by a clock that stands still. */
const nanoseconds = process.hrtime.bigint.bind(process.hrtime);

/** What this process remembers of a line that it has left. */
interface Seat {
  /** The name of its last ticket, which is kept for the next time: to make a file takes ext4 up to 50 times as long as to rename one. */
  kept: string | undefined;
  leftMs: number;
  /** Whether it came back soon. */
  isAgain: boolean;
}

/** By the folder of the line. */
const seats = new Map<string, Seat>();
let timer: NodeJS.Timeout | undefined;

/** Microseconds since the machine started, the process, and a random number: as long as an id. */
export function ticketName(): string {
  const time = Math.floor(Number(nanoseconds() / 1000n));
  return nameFrom(entryName(time.toString(16).padStart(TIME_DIGITS, '0')));
}

/** The tickets of those who wait, in their order. Undefined: there is no line. */
export function waitingIn(folder: string): readonly string[] | undefined {
  const isTicket = (name: string): boolean => isHolderEntry(name) && !isKept(name);
  return namesIn(folder)?.filter(isTicket).sort();
}

/** Puts a ticket into the folder of a line, which is made where there is none. */
export function putTicket(folder: string, name: string): void {
  const seat = seats.get(folder);
  if (seat) seat.isAgain = monotonicMs() - seat.leftMs < KEPT_MS;
  const kept = seat?.kept;
  if (seat && kept !== undefined) {
    seat.kept = undefined;
    if (isRenamed(folder, kept, name)) return;
  }
  for (let tries = 1; ; tries += 1) {
    try {
      closeSync(openSync(`${folder}/${name}`, TICKET_FLAGS, 0o600));
      return;
    } catch (error) {
      // The last one in the line removed its folder.
      if (codeOf(error) !== 'ENOENT' || tries > MOST_TRIES) throw error;
      makeFolder(folder);
    }
  }
}

/** Takes a ticket of this process out of the line. The folder goes with the last one. */
export function takeTicket(folder: string, name: string): void {
  const seat = seats.get(folder) ?? { kept: undefined, leftMs: 0, isAgain: false };
  seats.set(folder, seat);
  seat.leftMs = monotonicMs();
  timer ??= setTimeout(removeKept, KEPT_MS).unref();
  const kept = nameFrom(KEPT_PREFIX);
  if (seat.isAgain && seat.kept === undefined && isRenamed(folder, name, kept)) {
    seat.kept = kept;
    return;
  }
  remove(`${folder}/${name}`);
  removeIfEmpty(folder);
}

/** Removes a ticket of a process that has ended. False: it still runs. */
export function removeIfEnded(ticket: string): boolean {
  try {
    process.kill(pidOf(ticket), 0);
    return false;
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') return false;
  }
  remove(ticket);
  return true;
}

export function remove(ticket: string): void {
  try {
    unlinkSync(ticket);
  } catch {
    // It is gone, or stays for the next one who checks.
  }
}

/** Removes the tickets that were kept for longer than that, or all. */
export function removeKept(all = false): void {
  timer = undefined;
  const beforeMs = monotonicMs() - KEPT_MS;
  for (const [folder, { kept, leftMs }] of seats) {
    if (!all && leftMs > beforeMs) continue;
    seats.delete(folder);
    if (kept === undefined) continue;
    remove(`${folder}/${kept}`);
    removeIfEmpty(folder);
  }
  if (seats.size > 0) timer = setTimeout(removeKept, KEPT_MS).unref();
}

function removeIfEmpty(folder: string): void {
  try {
    const names = namesIn(folder);
    if (names === undefined) return;
    // Those who wait find out by themselves whether somebody was killed, and nobody looks at what he kept.
    const left = names.filter((name) => !isKept(name) || !removeIfEnded(`${folder}/${name}`));
    // An exception costs more than a check.
    if (left.length === 0) rmdirSync(folder);
  } catch {
    // Somebody else came in, or removed it.
  }
}

function isRenamed(folder: string, from: string, to: string): boolean {
  try {
    renameSync(`${folder}/${from}`, `${folder}/${to}`);
    return true;
  } catch {
    // Somebody removed it.
    return false;
  }
}

function namesIn(folder: string): readonly string[] | undefined {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, 0o700);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

function nameFrom(beginning: string): string {
  const pid = process.pid.toString(16).padStart(PID_DIGITS, '0');
  const random = Math.floor(Math.random() * 16 ** RANDOM_DIGITS).toString(16);
  return `${beginning}${pid}${random.padStart(RANDOM_DIGITS, '0')}.1.new`;
}

function isKept(name: string): boolean {
  return name.startsWith(KEPT_PREFIX);
}

function pidOf(ticket: string): number {
  const start = entryName('').length + TIME_DIGITS;
  return Number.parseInt(nameOf(ticket).slice(start, start + PID_DIGITS), 16);
}
