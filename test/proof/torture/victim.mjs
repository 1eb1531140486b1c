// @ts-check
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { now, parse } from './journal.mjs';

/**
 * @typedef {import('./judge.mjs').Kill} Kill
 * @typedef {import('./judge.mjs').Stop} Stop
 */

/** A process under torment, followed through its journal while it runs. */
export class Victim {
  /** @readonly */
  #child;
  /** @readonly */
  #exit;
  #stopped = false;
  #ending = false;
  #fd = -1;
  #text = '';
  /** @readonly */
  #bytes = Buffer.alloc(65_536);
  /**
   * @readonly
   * @type {Map<string, number>} the leases of the tenures that are going on, in milliseconds
   */
  #open = new Map();
  acquisitions = 0;

  /**
   * @param {string} name
   * @param {number} place
   * @param {string} journalFolder
   * @param {readonly string[]} command a script and its arguments
   */
  constructor(name, place, journalFolder, command) {
    this.name = name;
    this.place = place;
    this.path = join(journalFolder, `${name}.jsonl`);
    this.#child = spawn(process.execPath, command, { stdio: ['pipe', 'ignore', 'inherit'] });
    this.#exit = once(this.#child, 'exit');
  }

  get pid() {
    return Number(this.#child.pid);
  }

  get running() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Whether it may be killed or stopped now. */
  get free() {
    return this.running && !this.#stopped && !this.#ending;
  }

  /** How it ended on its own, when that was not in good order. */
  get failure() {
    const { exitCode, signalCode } = this.#child;
    if (this.running || exitCode === 0 || (this.#ending && signalCode === 'SIGKILL')) return undefined;
    return `${this.name} ended with ${String(exitCode ?? signalCode)}`;
  }

  get holds() {
    return this.#open.size > 0;
  }

  /** The longest lease that it holds a lock by, in milliseconds. */
  get leaseMs() {
    return Math.max(0, ...this.#open.values());
  }

  /** Reads what it wrote since the last time. */
  follow() {
    if (this.#fd === -1) {
      try {
        this.#fd = openSync(this.path, 'r');
      } catch {
        return;
      }
    }
    for (let bytes; (bytes = readSync(this.#fd, this.#bytes)) > 0;) {
      this.#text += this.#bytes.toString('utf8', 0, bytes);
    }
    for (const event of parse(this.#text)) {
      if (event.kind === 'enter') {
        this.acquisitions += 1;
        this.#open.set(event.tenure, event.leaseMs);
      } else if (event.kind === 'released') {
        this.#open.delete(event.tenure);
      }
    }
    this.#text = this.#text.slice(this.#text.lastIndexOf('\n') + 1);
  }

  /** @returns {Promise<Kill>} */
  async kill() {
    this.#ending = true;
    const at = now();
    this.#child.kill('SIGKILL');
    await this.#exit;
    return { process: this.name, pid: this.pid, at, deadAt: now() };
  }

  /**
   * @param {number} ms counted from when it is seen to stand still
   * @returns {Promise<Stop | undefined>} undefined: it ended first
   */
  async stop(ms) {
    this.#stopped = true;
    try {
      this.#child.kill('SIGSTOP');
      while (this.running && !isStopped(this.pid)) await pause(1);
      const at = now();
      await pause(ms);
      const untilAt = now();
      this.#child.kill('SIGCONT');
      return this.running ? { process: this.name, at, untilAt } : undefined;
    } finally {
      this.#stopped = false;
    }
  }

  /** Lets it come to its end by itself. */
  async finish() {
    this.#child.stdin.end();
    await this.#exit;
    this.close();
  }

  close() {
    if (this.#fd !== -1) closeSync(this.#fd);
    this.#fd = -1;
  }
}

/**
 * Whether a process stands still, or is gone.
 *
 * @param {number} pid
 */
export function isStopped(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
  } catch {
    return true;
  }
}
