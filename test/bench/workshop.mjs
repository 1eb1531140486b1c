// @ts-check
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const ANSWER_LIMIT_MS = 60_000;

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

/** The folders and processes of a run, all gone when it is closed. */
export class Workshop {
  /** @type {string[]} @readonly */
  #folders = [];
  /** @type {Set<ChildProcess>} @readonly */
  #children = new Set();
  #closed = false;

  /**
   * @param {string} parent
   * @returns {string} a new folder in it
   */
  makeFolder(parent) {
    const folder = mkdtempSync(join(parent, 'vfs-lockfile-bench-'));
    this.#folders.push(folder);
    return folder;
  }

  /**
   * @param {string} script beside this one, which calls `answer`
   * @param {readonly string[]} args
   * @param {readonly string[]} flags of Node
   */
  start(script, args, flags = []) {
    return new Helper(script, this.#keep(fork(join(import.meta.dirname, script), args, { execArgv: [...flags] })));
  }

  /**
   * Runs a command to its end, its output thrown away.
   *
   * @param {string} command
   * @param {readonly string[]} args
   * @param {Readonly<Record<string, string>>} env what its environment has in addition
   */
  async run(command, args, env = {}) {
    const environment = { ...process.env, ...env };
    const child = this.#keep(spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'], env: environment }));
    const [code, signal] = /** @type {[number | null, string | null]} */ (await once(child, 'exit'));
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${String(code ?? signal)}`);
  }

  async close() {
    this.#closed = true;
    for (const child of this.#children) child.kill('SIGKILL');
    while (this.#children.size > 0) await Promise.all([...this.#children].map((child) => once(child, 'exit')));
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }

  /** @param {ChildProcess} child */
  #keep(child) {
    if (child.pid === undefined) return child;
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    if (this.#closed) child.kill('SIGKILL');
    return child;
  }
}

/** A process that answers questions, one at a time. */
export class Helper {
  /** @readonly */
  #name;
  /** @readonly */
  #child;

  /**
   * @param {string} name
   * @param {ChildProcess} child
   */
  constructor(name, child) {
    this.#name = name;
    this.#child = child;
  }

  /**
   * @param {unknown} question what JSON can hold
   * @param {number} limitMs
   * @returns {Promise<unknown>}
   */
  ask(question, limitMs = ANSWER_LIMIT_MS) {
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        this.#child.off('message', hear).off('exit', mourn);
      };
      const hear = (/** @type {unknown} */ reply) => {
        settle();
        resolve(reply);
      };
      const mourn = (/** @type {number | null} */ code, /** @type {string | null} */ signal) => {
        settle();
        reject(new Error(`${this.#name} ended with ${String(code ?? signal)} instead of an answer`));
      };
      const timer = setTimeout(() => {
        settle();
        reject(new Error(`${this.#name} gave no answer for ${String(limitMs)} ms`));
      }, limitMs);
      this.#child.once('message', hear).once('exit', mourn);
      this.#child.send(/** @type {import('node:child_process').Serializable} */ (question));
    });
  }

  /** Lets it come to its end by itself. */
  async end() {
    const exit = once(this.#child, 'exit');
    this.#child.disconnect();
    await exit;
  }
}

/**
 * In the helper's process: answers each question, and ends when nobody is left to ask.
 *
 * @param {(question: unknown) => unknown} reply
 */
export function answer(reply) {
  process.on('message', (question) => {
    void (async () => {
      process.send?.(await reply(question));
    })();
  });
  process.on('disconnect', () => {
    process.exit();
  });
}
