import { closeSync } from 'node:fs';
import { basename } from 'node:path';

import type { Steps } from '../../../src/util/steps.js';
import type { Chronicle } from './chronicle.js';
import { contentOf, labelOf } from './content.js';
import type { Call, Judge } from './judge.js';
import { Operation } from './operation.js';
import { see, type Sightings } from './sightings.js';
import type { World } from './world.js';

/** One party: a script whose system calls are done one by one, when the explorer says so. */
export class Actor {
  readonly name: string;
  /** The call that it is in the middle of. */
  call: Call | undefined;
  /** Whether its last step was a pause: then letting others go first is no preemption. */
  hasPaused = false;
  /** Whether its last step changed something on the disk. */
  hasChanged = false;
  readonly #world: World;
  readonly #judge: Judge;
  readonly #sightings: Sightings;
  readonly #chronicle: Chronicle | undefined;
  /** The names right in the folder that it made. */
  readonly #made = new Set<string>();
  readonly #descriptors = new Set<number>();
  #steps: Steps<unknown> | undefined;
  #pending: Operation | undefined;
  #killed = false;
  #story = 0;

  constructor(name: string, world: World, judge: Judge, sightings: Sightings, chronicle?: Chronicle) {
    this.name = name;
    this.#world = world;
    this.#judge = judge;
    this.#sightings = sightings;
    this.#chronicle = chronicle;
  }

  get killed(): boolean {
    return this.#killed;
  }

  get alive(): boolean {
    return this.#pending !== undefined;
  }

  /** All that its further doings depend on, other than the disk. */
  get state(): string {
    if (this.#pending === undefined) return this.#killed ? 'killed' : 'done';
    return `${this.#story} ${this.#pending.whereabouts}`;
  }

  begin(steps: Steps<unknown>): void {
    this.#steps = steps;
    this.#resume(() => steps.next());
  }

  /** Does one step and runs on to the next. `tell` receives what was done. */
  step(tell?: (line: string) => void): void {
    const [operation, steps] = [this.#pending, this.#steps];
    if (operation === undefined || steps === undefined) throw new Error(`${this.name} has nothing left to do`);
    if (this.call?.states.size === 0) this.#judge.start(this.call);
    this.hasPaused = operation.name === 'pause';
    this.hasChanged = false;
    const answer = attempt(operation);
    tell?.(this.#describe(operation, answer === 'looked up' ? 'only looked up' : answer.code));
    if (this.#chronicle !== undefined)
      this.#story = this.#chronicle.add(this.#story, this.name, this.#event(operation, answer));
    if (answer === 'looked up') return;
    see(this.#sightings, this.#world, operation, answer.code, (name) => this.owns(name));
    if (this.#concernsLock(operation)) this.#judge.observe(contentOf(this.#world.lockText()), this.name, this.call);
    if (answer.error === undefined) {
      this.#note(operation, answer.value);
      this.#resume(() => steps.next(answer.value));
    } else {
      this.#resume(() => steps.throw(answer.error));
    }
  }

  /** Never goes on, as after SIGKILL. */
  kill(): void {
    this.#killed = true;
    if (this.call !== undefined) this.#judge.abandon(this.call);
    this.#sightings.kills += 1;
    this.dismiss();
  }

  /** Closes what it has open, as the system does when a process ends. */
  dismiss(): void {
    this.#pending?.forget();
    this.#pending = undefined;
    for (const fd of this.#descriptors) closeSync(fd);
    this.#descriptors.clear();
  }

  /** Whether it made that name in the folder. */
  owns(name: string): boolean {
    return this.#made.has(name);
  }

  /** Any change but those of other names; a write through a descriptor may reach the lock file, too. */
  #concernsLock({ changesFiles, paths }: Operation): boolean {
    return changesFiles && (paths.length === 0 || paths.includes(this.#world.lock));
  }

  #note({ name, args, paths: [path = ''], changesFiles }: Operation, value: unknown): void {
    this.hasChanged = changesFiles;
    if (name === 'open') this.#descriptors.add(Number(value));
    if (name === 'close') this.#descriptors.delete(Number(args[0]));
    if (name === 'mkdir' || (name === 'open' && changesFiles)) this.#made.add(basename(path));
  }

  #resume(go: () => IteratorResult<unknown, unknown>): void {
    this.#pending = undefined;
    try {
      const turn = go();
      if (turn.done) return;
      if (!(turn.value instanceof Operation)) throw new TypeError('it waits for something that is no system call');
      this.#pending = turn.value;
    } catch (error) {
      this.#judge.failed(this.name, this.call, error);
    }
  }

  #event({ name, paths }: Operation, answer: Answer | 'looked up'): string {
    if (answer === 'looked up') return answer;
    const told = name === 'readdir' ? String(answer.value) : '';
    // An open file is read later, and a stamp is compared at once: both answers say which content stood there.
    const reads = name === 'open' || name === 'lstat';
    const found = reads && paths.includes(this.#world.lock) ? labelOf(this.#judge.state) : '';
    return [name, ...paths, answer.code, told, found].join(' ');
  }

  #describe({ name, paths }: Operation, code: string): string {
    const shown = paths.map((path) => path.replace(this.#world.folder, '').slice(1));
    return [this.name, name, ...shown, code].filter((word) => word !== '').join(' ');
  }
}

interface Answer {
  readonly value?: unknown;
  readonly error?: unknown;
  readonly code: string;
}

function attempt(operation: Operation): Answer | 'looked up' {
  try {
    if (!operation.advance()) return 'looked up';
    return { value: operation.take(), code: '' };
  } catch (error) {
    return { error, code: (error as { readonly code?: string }).code ?? 'threw' };
  }
}
