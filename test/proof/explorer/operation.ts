import { constants } from 'node:fs';

import type { Syscalls } from '../../../src/backends/local/syscalls.js';

export type CallName = keyof Syscalls;

const CHANGES_NOTHING: readonly CallName[] = ['stat', 'lstat', 'fstat', 'read', 'close', 'readdir', 'pause'];

/** A path look-up that is a step of its own. */
export interface LookUp {
  readonly find: () => void;
  /** What happened to the directory that was found. */
  readonly whereabouts: () => string;
  readonly forget: () => void;
}

/**
 * A system call that somebody wants done. It stands where a promise would, so that the code under test hands it over; the
 * explorer does it, when it is this actor's turn.
 */
export class Operation implements PromiseLike<never> {
  readonly name: CallName;
  readonly args: readonly unknown[];
  readonly #act: () => unknown;
  readonly #lookUp: LookUp | undefined;
  #isFound = false;

  constructor(name: CallName, args: readonly unknown[], act: () => unknown, lookUp?: LookUp) {
    this.name = name;
    this.args = args;
    this.#act = act;
    this.#lookUp = lookUp;
  }

  get changesFiles(): boolean {
    if (this.name === 'open') return (Number(this.args[1]) & constants.O_CREAT) !== 0;
    return !CHANGES_NOTHING.includes(this.name);
  }

  get paths(): readonly string[] {
    return this.args.filter((name) => typeof name === 'string');
  }

  /** Where it stands between its look-up and its act. */
  get whereabouts(): string {
    return this.#lookUp !== undefined && this.#isFound ? this.#lookUp.whereabouts() : '';
  }

  /** One step on the way. True: it was the last one, and `take` brings what came of it. */
  advance(): boolean {
    if (this.#lookUp === undefined || this.#isFound) return true;
    this.#lookUp.find();
    this.#isFound = true;
    return false;
  }

  take(): unknown {
    try {
      return this.#act();
    } finally {
      this.forget();
    }
  }

  forget(): void {
    if (this.#isFound) this.#lookUp?.forget();
    this.#isFound = false;
  }

  then(): PromiseLike<never> {
    throw new TypeError('only the explorer does an operation');
  }
}
