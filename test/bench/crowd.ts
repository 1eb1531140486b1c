import { fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

import type { Booth } from './cloud-child.js';
import { Helper } from './workshop.mjs';

export interface CrowdCost {
  readonly processes: number;
  /** How long each holds the lock, in milliseconds. */
  readonly heldMs: number;
  /** Of all processes together, while the lock went from one to the next. */
  readonly requests: number;
  /** Milliseconds from just before each release to just after the next acquisition came back. */
  readonly ms: readonly number[];
  /** The least pause between two looks of one waiter, in milliseconds. */
  readonly pollMs: number;
}

const PROCESSES = 50;
const HAND_OVERS = 80;
/** So that who gave the lock back comes too late to have it again at once. */
const HELD_MS = 100;
const SETTLE_MS = 5000;
const LIMIT_MS = 120_000;

interface Taken {
  readonly by: Helper;
  readonly at: bigint;
}

/** One lock that many processes want all the time, each and again as soon as somebody else has it. */
export async function crowd({ proxy, vfs, store, env }: Booth, script: string): Promise<CrowdCost> {
  const people = Array.from(
    { length: PROCESSES },
    () =>
      new Helper(script, fork(script, [store], { env: { ...process.env, ...env }, stdio: ['ignore', 2, 2, 'ipc'] })),
  );
  const taken = new EventEmitter();
  const want = (by: Helper): void => {
    by.ask('acquire', LIMIT_MS).then(
      (at) => taken.emit('taken', { by, at: BigInt(String(at)) }),
      (error: unknown) => taken.emit('error', error),
    );
  };
  await Promise.all(people.map((each) => each.ask('ready', LIMIT_MS)));
  const first = next(taken);
  for (const each of people) want(each);
  let holder = await first;
  await pause(SETTLE_MS);
  proxy.taken();
  const ms: number[] = [];
  while (ms.length < HAND_OVERS) {
    await pause(HELD_MS);
    const awaited = next(taken);
    const releasedAt = BigInt(String(await holder.by.ask('release', LIMIT_MS)));
    const winner = await awaited;
    ms.push(Number(winner.at - releasedAt) / 1e6);
    want(holder.by);
    holder = winner;
  }
  const requests = proxy.taken().length;
  // They end while they wait.
  taken.on('error', () => undefined);
  await Promise.all(people.map((each) => each.end()));
  return { processes: PROCESSES, heldMs: HELD_MS, requests, ms, pollMs: vfs.capabilities.poll.minMs };
}

async function next(taken: EventEmitter): Promise<Taken> {
  const [who] = (await once(taken, 'taken')) as [Taken];
  return who;
}
