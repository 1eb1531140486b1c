// @ts-check
import { openSync, readFileSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What a process saw. `at` is CLOCK_MONOTONIC in nanoseconds, one clock for all processes of a machine, as decimal text.
 *
 * - `enter`: an acquisition returned; stamped after it did. `from` says which record it took over, whose, and why.
 * - `held`: stamped first, then `assertHeld()` passed, then written: the lock was held at the stamp, whatever came after.
 * - `lost`: `assertHeld()` threw; stamped after it did.
 * - `leave`: the section is over; stamped before the release was asked for.
 * - `released`: the release answered; `ours` is its answer.
 * - `trouble`: something that must not happen.
 *
 * Below the library, where the store is `recorded`, and for `proof/history`:
 *
 * - `send`: a request about a lock file is made next; stamped before it. `expect` is the id of the record that must stand there.
 * - `answer`: it was answered; stamped after it was. `none`: it failed and changed nothing; `unknown`: it failed and may come late.
 * - `force`: somebody is about to end the acquisition `acq` of somebody else by force.
 * - `ended`: a process has ended and does nothing more; stamped before anybody could notice.
 *
 * @typedef {{ reason: string, nonce: string | undefined, pid: number | undefined }} From
 * @typedef {{ kind: 'enter', at: string, tenure: string, lock: string, leaseMs: number, how: string,
 *   from: From | undefined }} Enter
 * @typedef {{ kind: 'held' | 'leave', at: string, tenure: string }} Moment
 * @typedef {{ kind: 'lost', at: string, tenure: string, reason: string }} Lost
 * @typedef {{ kind: 'released', at: string, tenure: string, ours: boolean }} Released
 * @typedef {{ kind: 'refused', at: string, code: string }} Refused
 * @typedef {{ kind: 'trouble', at: string, message: string }} Trouble
 * @typedef {{ id: string, acq: string, token: string, free: boolean, leaseMs: number }} RecordedRecord
 * @typedef {{ lock: string, op: 'read' | 'create' | 'replace' | 'remove', expect?: string | undefined,
 *   record?: RecordedRecord | undefined }} Request
 * @typedef {Request & { kind: 'send', at: string, call: number }} Send
 * @typedef {{ kind: 'answer', at: string, call: number, outcome: 'won' | 'lost' | 'none' | 'unknown',
 *   found?: RecordedRecord | undefined }} Answer
 * @typedef {{ kind: 'force', at: string, acq: string }} Force
 * @typedef {{ kind: 'ended', at: string, process: string, killed: boolean }} Ended
 * @typedef {Enter | Moment | Lost | Released | Refused | Trouble | Send | Answer | Force | Ended} JournalEvent
 */

/** The time on the clock that all processes of this machine share. */
export function now() {
  return process.hrtime.bigint();
}

/** The journal of one process. A written line survives the process, however it ends. */
export class Journal {
  /** @readonly */
  #fd;

  /**
   * @param {string} folder
   * @param {string} name
   */
  constructor(folder, name) {
    this.#fd = openSync(join(folder, `${name}.jsonl`), 'a');
  }

  /** @param {JournalEvent} event */
  write(event) {
    writeSync(this.#fd, `${JSON.stringify(event)}\n`);
  }

  /** @param {string} message */
  trouble(message) {
    this.write({ kind: 'trouble', at: String(now()), message });
  }
}

/**
 * @param {string} folder
 * @returns {Map<string, JournalEvent[]>} what each process wrote, in its own order
 */
export function readJournals(folder) {
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  return new Map(
    files.map((name) => [name.slice(0, -'.jsonl'.length), parse(readFileSync(join(folder, name), 'utf8'))]),
  );
}

/**
 * @param {string} folder
 * @param {ReadonlyMap<string, readonly JournalEvent[]>} journals by process
 */
export function writeJournals(folder, journals) {
  for (const [process, events] of journals) {
    writeFileSync(join(folder, `${process}.jsonl`), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  }
}

/**
 * @param {string} text of whole lines; a kill can tear the last one off, which then never counted
 * @returns {JournalEvent[]}
 */
export function parse(text) {
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => /** @type {JournalEvent} */ (JSON.parse(line)));
}
