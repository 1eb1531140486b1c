import { Contender, type Won } from './contender.js';
import { LockWatcher } from './watcher.js';
import { LockHeldError, LockTimeoutError, type LockContention } from '../model/errors.js';
import { tellOfFailing, tellOfHolder, tellOfQueueing, tellOfWaiting, tellOfWinning } from './report.js';
import { Deadline } from './deadline.js';
import { describeContention } from '../model/holder.js';
import type { ResolvedLockOptions } from '../model/options.js';
import { Backoff } from './backoff.js';
import { takeTurn, takeTurnNow, type Turn } from './queue.js';
import { run } from '../../util/steps.js';
import type { LockTarget } from './target.js';
import type { Vfs } from '../../vfs/vfs.js';

/** How long an acquisition that was given up may take to clear away what it may have won. */
const ABANDON_LIMIT_MS = 5000;

/** How long a caller whose time is up looks for who was in its way. */
const EXPLAIN_LIMIT_MS = 1000;

/** The lock wanted, and how it is to be held. */
export interface Aim {
  readonly vfs: Vfs;
  readonly target: LockTarget;
  readonly options: ResolvedLockOptions;
}

/** A lock that was won, and this process's turn, kept until the lock is given back. */
export interface Acquired extends Won {
  readonly turn: Turn;
}

/** One try without any waiting. Undefined: somebody else, in this process or elsewhere, holds the lock. */
export function acquireNow(aim: Aim): Promise<Acquired | undefined> {
  return tryOnce(aim, new Contender(aim.target, aim.options));
}

/** One try without any waiting; the error tells who holds the lock. */
export async function acquireAtOnce(aim: Aim): Promise<Acquired> {
  const contender = new Contender(aim.target, aim.options);
  const acquired = await tryOnce(aim, contender);
  if (acquired) return acquired;
  const obstacle = await explain(contender);
  throw new LockHeldError(describeContention(obstacle), obstacle);
}

/** Waits for the lock: first for this process's earlier callers, then for the rest of the world. */
export async function acquireWithin(aim: Aim, waitMs: number, signal: AbortSignal | undefined): Promise<Acquired> {
  signal?.throwIfAborted();
  const limit = new Deadline(waitMs, signal);
  const contender = new Contender(aim.target, aim.options);
  try {
    const turn = takeTurnNow(aim.target.queueKey) ?? (await queueing(contender, limit.signal));
    const acquired = await keepingTurn(turn, () => pursue(aim, contender, limit));
    if (acquired) return acquired;
    throw limit.signal.reason;
  } catch (error) {
    const outcome = await outcomeOf(error, contender, limit, waitMs, signal);
    tellOfFailing(contender, outcome, signal?.aborted);
    throw outcome;
  } finally {
    limit.clear();
  }
}

function queueing(contender: Contender, signal: AbortSignal): Promise<Turn> {
  tellOfQueueing(contender);
  return takeTurn(contender.target.queueKey, signal);
}

/** What a caller is told in the end: why it gave up, who was in the way when its time was up, or what went wrong. */
async function outcomeOf(
  error: unknown,
  contender: Contender,
  limit: Deadline,
  waitMs: number,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  if (signal?.aborted) return signal.reason;
  if (!limit.signal.aborted) return error;
  const obstacle = await explain(contender);
  const message = `${describeContention(obstacle)}; gave up after ${String(waitMs)} ms`;
  return new LockTimeoutError(message, obstacle, { cause: error });
}

async function tryOnce(aim: Aim, contender: Contender): Promise<Acquired | undefined> {
  try {
    const turn = takeTurnNow(aim.target.queueKey);
    const acquired = turn && (await keepingTurn(turn, () => pursue(aim, contender, undefined)));
    if (acquired === undefined) tellOfHolder(contender);
    return acquired;
  } catch (error) {
    tellOfFailing(contender, error);
    throw error;
  }
}

/** Without a limit one try, with one as many as it takes until that ends. */
async function pursue(aim: Aim, contender: Contender, limit: Deadline | undefined): Promise<Won | undefined> {
  let doorbell: LockWatcher | undefined;
  try {
    const poll = new Backoff(aim.vfs.capabilities);
    let tried = await run(contender.tryCreate(aim.target.immediate ? {} : { signal: limit?.signal }));
    while (tried.won === undefined) {
      if (limit === undefined) return undefined;
      const { signal } = limit;
      tellOfWaiting(contender);
      doorbell ??= new LockWatcher(aim.vfs, aim.target.path);
      await doorbell.wait(poll.nextMs(tried.obstacle.expiresInMs ?? 0), signal);
      tried = await run(contender.tryTakeOver({ signal }));
    }
    tellOfWinning(contender, tried.won);
    return tried.won;
  } catch (error) {
    await run(contender.abandon({ signal: AbortSignal.timeout(ABANDON_LIMIT_MS) })).catch(() => undefined);
    throw error;
  } finally {
    doorbell?.close();
  }
}

async function keepingTurn(turn: Turn, work: () => Promise<Won | undefined>): Promise<Acquired | undefined> {
  let won: Won | undefined;
  try {
    won = await work();
    return won && { ...won, turn };
  } finally {
    if (won === undefined) turn.done();
  }
}

/** Who was in the way: as last seen, or as it is now for a caller that never got to look. */
async function explain(contender: Contender): Promise<LockContention> {
  if (contender.contention.ageMs !== undefined) return contender.contention;
  await run(contender.inspect({ signal: AbortSignal.timeout(EXPLAIN_LIMIT_MS) })).catch(() => undefined);
  return contender.contention;
}
