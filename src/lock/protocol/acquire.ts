import type { Acquisition } from './acquisition.js';
import type { Contender } from './contender.js';
import { LockWatcher } from './watcher.js';
import { LockHeldError, LockTimeoutError, type LockContention } from '../model/errors.js';
import { reportAcquired, reportFailed, reportHeld, reportQueued, reportWaiting } from './report.js';
import { Deadline } from './deadline.js';
import { HeldLock } from './held-lock.js';
import { describeContention } from '../model/holder.js';
import { Backoff } from './backoff.js';
import { takeTurn, takeTurnNow, type Turn } from './queue.js';
import { run } from '../../util/steps.js';

/** How long a caller that gives up may take to release what it may have acquired. */
const ABANDON_LIMIT_MS = 5000;

/** How long a caller whose time is up tries to find out who holds the lock. */
const EXPLAIN_LIMIT_MS = 1000;

/** Tries once, without waiting. Undefined: somebody else, in this process or elsewhere, holds the lock. */
export async function tryOnce(contender: Contender, acquisition: Acquisition): Promise<HeldLock | undefined> {
  const { target } = contender;
  const turn = takeTurnNow(target.queueKey);
  contender.queued = turn === undefined;
  const deadline = turn && !target.immediate ? new Deadline(Infinity) : undefined;
  let held: HeldLock | undefined;
  try {
    if (deadline) acquisition.onCancel((reason) => deadline.end(reason));
    const acquired = turn && (await run(contender.tryCreate(deadline ? { signal: deadline.signal } : {})));
    if (acquired) {
      reportAcquired(contender, acquired);
      held = new HeldLock(target, acquired, contender.options.renew, turn.done);
    } else {
      reportHeld(contender);
    }
    return held;
  } catch (error) {
    await abandon(contender);
    const failure = acquisition.cancelledBy ?? error;
    reportFailed(contender, failure, acquisition.cancelledBy !== undefined);
    throw failure;
  } finally {
    deadline?.clear();
    if (held === undefined) turn?.done();
  }
}

/** Waits for the lock: first for earlier callers in this process, then for everybody else. With `waitMs` 0 it tries once. */
export async function waitFor(
  contender: Contender,
  waitMs: number,
  signal: AbortSignal | undefined,
  acquisition: Acquisition,
): Promise<HeldLock> {
  if (waitMs === 0) {
    const held = await tryOnce(contender, acquisition);
    if (held) return held;
    const contention = await explain(contender);
    throw new LockHeldError(describeContention(contention), contention);
  }
  const deadline = new Deadline(waitMs, signal);
  acquisition.onCancel((reason) => deadline.end(reason));
  try {
    const turn = takeTurnNow(contender.target.queueKey) ?? (await queue(contender, deadline));
    return await contend(contender, turn, deadline);
  } catch (error) {
    let failure = error;
    const { cancelledBy } = acquisition;
    if (cancelledBy) failure = cancelledBy;
    else if (signal?.aborted) failure = signal.reason;
    else if (deadline.signal.aborted) failure = await timeoutOf(contender, waitMs, error);
    reportFailed(contender, failure, cancelledBy !== undefined || signal?.aborted);
    throw failure;
  } finally {
    deadline.clear();
  }
}

async function queue(contender: Contender, deadline: Deadline): Promise<Turn> {
  contender.queued = true;
  reportQueued(contender);
  const turn = await takeTurn(contender.target.queueKey, deadline.signal);
  contender.queued = false;
  return turn;
}

/** Tries until the lock is held or the deadline ends. Unless the lock is held then, the next caller in this process gets its turn. */
async function contend(contender: Contender, turn: Turn, deadline: Deadline): Promise<HeldLock> {
  const { target, options } = contender;
  const backoff = new Backoff(target.vfs.capabilities);
  let watcher: LockWatcher | undefined;
  let held: HeldLock | undefined;
  try {
    let acquired = await run(contender.tryCreate(target.immediate ? {} : { signal: deadline.signal }));
    while (acquired === undefined) {
      const { signal } = deadline;
      reportWaiting(contender);
      watcher ??= new LockWatcher(target.vfs, target.path);
      await watcher.wait(backoff.nextMs(contender.contention.expiresInMs ?? 0), signal);
      acquired = await run(contender.tryTakeOver({ signal }));
    }
    reportAcquired(contender, acquired);
    held = new HeldLock(target, acquired, options.renew, turn.done);
    return held;
  } catch (error) {
    await abandon(contender);
    throw error;
  } finally {
    watcher?.close();
    if (held === undefined) turn.done();
  }
}

async function abandon(contender: Contender): Promise<void> {
  await run(contender.abandon({ signal: AbortSignal.timeout(ABANDON_LIMIT_MS) })).catch(() => undefined);
}

async function timeoutOf(contender: Contender, waitMs: number, cause: unknown): Promise<LockTimeoutError> {
  const contention = await explain(contender);
  const message = `${describeContention(contention)}; gave up after ${String(waitMs)} ms`;
  return new LockTimeoutError(message, contention, { cause });
}

/** Who holds the lock: as last seen, or as it is now for a caller that never had its turn. */
async function explain(contender: Contender): Promise<LockContention> {
  if (contender.contention.ageMs !== undefined) return contender.contention;
  await run(contender.inspect({ signal: AbortSignal.timeout(EXPLAIN_LIMIT_MS) })).catch(() => undefined);
  return contender.contention;
}
