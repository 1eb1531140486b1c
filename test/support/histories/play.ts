import { setTimeout as pause } from 'node:timers/promises';

import { forceRelease, sweep } from '../../../src/admin/index.js';
import {
  LockHeldError,
  Lockfile,
  LockLostError,
  LockTimeoutError,
  VfsError,
  VfsFile,
  type LockOptions,
  type Vfs,
} from '../../../src/index.js';
import { now, type JournalEvent } from '../../proof/torture/journal.mjs';
import { Random } from '../../proof/torture/random.mjs';
import { recorded } from '../../proof/torture/recorded.mjs';
import type { Place } from '../operate/stores.js';

/** How much happens in a play. */
export interface Plan {
  readonly seed: string;
  readonly acquisitions: number;
}

const CALLERS = 5;
const FILES = ['a', 'b'];
const LEASE_MS = 200;

/**
 * Callers that lock two files in one place, each as from a machine of its own, with and without fencing. Some outstay their lease,
 * and somebody sweeps, and releases locks by force. Returns what each of them wrote down.
 */
export async function play(
  place: Pick<Place, 'path' | 'rival'>,
  plan: Plan,
): Promise<ReadonlyMap<string, readonly JournalEvent[]>> {
  const history = new Map<string, JournalEvent[]>();
  const stage: Stage = { ...plan, path: place.path, left: plan.acquisitions };
  const part = (name: string): [Vfs, (event: JournalEvent) => void] => {
    const events: JournalEvent[] = [];
    history.set(name, events);
    const write = (event: JournalEvent): void => void events.push(event);
    return [recorded(place.rival(), write, name), write];
  };
  const names = Array.from({ length: CALLERS }, (_, caller) => `caller-${String(caller)}`);
  await Promise.all([
    ...names.map((name) => new Caller(name, stage, ...part(name)).run()),
    visit(stage, ...part('visitor')),
  ]);
  const all = [...history.values()];
  while (all.some(hasOpenCall)) await pause(5);
  // Copies: what a caller gave up may go on.
  return new Map([...history].map(([name, events]) => [name, [...events]]));
}

/** Who gives up waiting leaves a request that is still on its way. */
function hasOpenCall(events: readonly JournalEvent[]): boolean {
  const count = (kind: JournalEvent['kind']): number => events.filter((event) => event.kind === kind).length;
  return count('send') > count('answer');
}

interface Stage extends Plan {
  readonly path: string;
  /** How many acquisitions are still to be made. */
  left: number;
}

class Caller {
  readonly #random: Random;
  #tenures = 0;

  constructor(
    readonly name: string,
    readonly stage: Stage,
    readonly vfs: Vfs,
    readonly write: (event: JournalEvent) => void,
  ) {
    this.#random = new Random(`${stage.seed}/${name}`);
  }

  async run(): Promise<void> {
    while (this.stage.left > 0) {
      const file = new VfsFile(this.vfs, `${this.stage.path}/${this.#random.pick(FILES)}`);
      const overstays = this.#random.chance(0.1);
      await this.#take(file, overstays);
      await pause(this.#random.between(0, 10));
    }
  }

  async #take(file: VfsFile, overstays: boolean): Promise<void> {
    const options: LockOptions = { ttl: LEASE_MS, renew: !overstays, fencing: this.#random.chance(0.5) };
    const lock = new Lockfile(file, options);
    try {
      await lock.acquire({ wait: this.#random.between(0, 1000) });
    } catch (error) {
      if (!(error instanceof LockHeldError || error instanceof LockTimeoutError || isTooSlow(error))) throw error;
      this.write({ kind: 'refused', at: String(now()), code: error.code });
      return;
    }
    this.stage.left -= 1;
    const tenure = `${this.name}#${String((this.#tenures += 1))}`;
    this.write({
      kind: 'enter',
      at: String(now()),
      tenure,
      lock: file.path,
      leaseMs: LEASE_MS,
      how: '',
      from: undefined,
    });
    const steps = overstays ? Infinity : this.#random.between(1, 8);
    await this.#work(tenure, lock, steps);
    const ours = await unlessTooSlow(() => lock.release(), false);
    this.write({ kind: 'released', at: String(now()), tenure, ours });
  }

  async #work(tenure: string, lock: Lockfile, steps: number): Promise<void> {
    for (let step = 0; step < steps; step += 1) {
      const at = String(now());
      try {
        lock.assertHeld();
      } catch (error) {
        if (!(error instanceof LockLostError)) throw error;
        this.write({ kind: 'lost', at: String(now()), tenure, reason: error.reason });
        return;
      }
      this.write({ kind: 'held', at, tenure });
      await pause(this.#random.between(0, 10));
      if (this.#random.chance(0.1)) await lock.renew().catch(() => undefined);
    }
  }
}

/** Sweeps, and releases by force whatever is held, now and then. */
async function visit(stage: Stage, vfs: Vfs, write: (event: JournalEvent) => void): Promise<void> {
  const random = new Random(`${stage.seed}/visitor`);
  while (stage.left > 0) {
    await pause(random.between(20, 100));
    await unlessTooSlow(async () => await sweep({ vfs, path: stage.path }), undefined);
    if (random.chance(0.8)) continue;
    const file = new VfsFile(vfs, `${stage.path}/${random.pick(FILES)}`);
    const record = await unlessTooSlow(() => new Lockfile(file).metadata(), undefined);
    if (record === undefined || record.released) continue;
    write({ kind: 'force', at: String(now()), acq: record.lockId });
    await unlessTooSlow(() => forceRelease(file, { expect: record.lockId }), false);
  }
}

async function unlessTooSlow<T>(ask: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (isTooSlow(error)) return otherwise;
    throw error;
  }
}

/** On a busy machine a store may not answer in time, or the time to wait can be over before it was read once. */
function isTooSlow(error: unknown): error is VfsError {
  return error instanceof VfsError && error.code === 'ERR_VFS_TIMEOUT';
}
