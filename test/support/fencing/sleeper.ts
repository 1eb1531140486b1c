import { setTimeout as sleep } from 'node:timers/promises';

import { expect } from 'vitest';

import { publish, published } from '../../../src/fencing/index.js';
import { Lockfile, VfsError, VfsFile, type Vfs } from '../../../src/index.js';
import { now } from '../../proof/torture/journal.mjs';
import type { Random } from '../../proof/torture/random.mjs';
import type { Store } from '../../proof/torture/store.mjs';
import { isStopped } from '../../proof/torture/victim.mjs';
import { Child } from '../processes/child.js';
import { pageOf, pointerOf, textOf } from './work.mjs';

/** A folder that is locked by processes that are stopped, and by this one. */
export interface Bedroom {
  readonly vfs: Vfs;
  /** How the processes reach the same store. */
  readonly store: Store;
  readonly folder: string;
  /** Whether nobody can take a lock over between the check of a commit and its write. */
  readonly isGuarded: boolean;
  /** A lease on an idle machine. */
  readonly ttlMs: number;
}

/** In what a process is interrupted: `test/support/processes/sleeper.mjs`. */
export type Interruption = 'between' | 'paused' | 'amid';

/** What a process reports of one of its locks after it went on. */
export interface Ending {
  readonly index: number;
  /** Whether it believed that it held the lock. */
  readonly held: boolean;
  /** When the last `confirm` was asked for that resolved before, or 0. */
  readonly confirmedAt: string;
  /** Of `commit`, `publish` and `confirm`. */
  readonly outcomes: readonly string[];
}

/** Whoever has a lock after the process that was stopped. */
interface Heir {
  readonly lock: Lockfile;
  readonly token: string;
  readonly index: number;
  readonly works: 'before' | 'beside' | 'after';
  /** What readers saw before the process went on. */
  readonly seen: Visible;
}

type Visible = readonly [data: string | undefined, page: string | undefined];

/** When heirs do their work: before the process goes on, at the same time, or after it has tried. */
const MOMENTS = ['before', 'beside', 'after'] as const;

/** How long the calls go on at most in the middle of which a process is stopped. */
const MOST_AMID_MS = 200;

const MOST_RELEASES = 10;

/** A process with many locks that is stopped past their leases, again and again. */
export class Sleeper {
  readonly #child: Child;
  #rounds = 0;
  /** How many holds it was stopped in. */
  stops = 0;
  /** How many writes that were under way then landed after the takeover, before the heir wrote. */
  landings = 0;

  constructor(
    readonly room: Bedroom,
    readonly folder: string,
    readonly how: Interruption,
    readonly random: Random,
    locks: number,
    readonly ttlMs: number,
  ) {
    this.#child = new Child('sleeper', JSON.stringify(room.store), folder, how, locks, ttlMs);
    // That it ended is noticed when it is heard.
    this.#child.process.stdin!.on('error', () => undefined);
  }

  /** The process takes its locks, is stopped, loses all of them to heirs, goes on and tries to use them. */
  async round(): Promise<void> {
    this.#say();
    const held = await this.#hear<readonly (readonly [index: number, token: string])[]>();
    if (this.how === 'amid') await sleep(this.random.between(0, MOST_AMID_MS));
    const stoppedAt = await this.#stop();
    await sleep(this.ttlMs);
    this.#rounds += 1;
    const heirs = await Promise.all(held.map(([index, token]) => this.#inherit(index, token)));
    if (this.how !== 'amid') this.#say();
    this.#child.kill('SIGCONT');
    const beside = heirs.filter(({ works }) => works === 'beside');
    const [endings] = await Promise.all([this.#hear<readonly Ending[]>(), ...beside.map(work)]);
    expect(endings.map(({ index }) => index)).toEqual(heirs.map(({ index }) => index));
    await Promise.all(heirs.map((heir, at) => this.#check(heir, endings[at]!, stoppedAt)));
    this.stops += heirs.length;
  }

  /** Lets the process end. */
  async end(): Promise<void> {
    this.#child.process.stdin!.end();
    expect(await this.#child.end()).toBe(0);
  }

  async #stop(): Promise<bigint> {
    this.#child.kill('SIGSTOP');
    while (!isStopped(this.#child.pid)) await sleep(1);
    return now();
  }

  async #inherit(index: number, token: string): Promise<Heir> {
    const file = new VfsFile(this.room.vfs, `${this.folder}/${String(index)}`);
    const lock = new Lockfile(file, { fencing: true, ttl: '10m' });
    await lock.acquire({ wait: '10m' });
    expect(lock.reclaimedFrom).toMatchObject({ reason: 'expired', fencingToken: token });
    expect(lock.fencingToken).toBeGreaterThan(BigInt(token));
    await lock.epochPath(pageOf(file)).write(textOf(lock.fencingToken));
    const heir = { lock, token, index, works: MOMENTS[(index + this.#rounds) % MOMENTS.length]! };
    if (heir.works === 'before') await work(heir);
    return { ...heir, seen: await visible(file) };
  }

  /** Nothing of the process is to be seen, and it knows. */
  async #check({ lock, token, index, works, seen }: Heir, ending: Ending, stoppedAt: bigint): Promise<void> {
    const { file, fencingToken } = lock;
    const { confirmedAt, ...rest } = ending;
    const fenced = `ERR_FENCED ${token} < ${String(fencingToken)}`;
    expect(rest).toEqual({ index, held: this.how === 'paused', outcomes: [fenced, fenced, 'ERR_LOCK_LOST'] });
    expect(BigInt(confirmedAt)).toBeLessThan(stoppedAt);
    if (works === 'after') {
      this.#expectUntouched(seen, await visible(file));
      await work({ lock });
    }
    const text = textOf(fencingToken);
    expect(await visible(file)).toEqual([text, text]);
    await lock.confirm();
    await release(lock);
  }

  /** Only what was under way when the process was stopped may have landed, where the documentation says so. */
  #expectUntouched(before: Visible, after: Visible): void {
    const isUnderWay = this.how === 'amid';
    if (!isUnderWay || this.room.isGuarded) expect(after[0]).toBe(before[0]);
    if (!isUnderWay) expect(after[1]).toBe(before[1]);
    this.landings += after.filter((each, at) => each !== before[at]).length;
  }

  #say(): void {
    this.#child.process.stdin!.write('.');
  }

  async #hear<T>(): Promise<T> {
    const line = await this.#child.line();
    if (line === undefined) throw new Error(`the process ended: ${this.#child.errors}`);
    return JSON.parse(line) as T;
  }
}

async function work({ lock }: Pick<Heir, 'lock'>): Promise<void> {
  const { file, fencingToken } = lock;
  await lock.commit(file, textOf(fencingToken));
  await publish(pointerOf(file), lock);
}

/** On a slow machine a release can take longer than its limit; a second one settles it. */
async function release(lock: Lockfile): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      expect(await lock.release()).toBe(true);
      return;
    } catch (error) {
      if (!(error instanceof VfsError) || tries === MOST_RELEASES) throw error;
    }
  }
}

async function visible(file: VfsFile): Promise<Visible> {
  const [data, epoch] = await Promise.all([file.tryRead(), published(file.resolve(pointerOf(file)))]);
  return [data && Buffer.from(data.data).toString(), await epoch?.file('page').readText()];
}
