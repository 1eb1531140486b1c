import type { ResolvedAcquireOptions } from '../model/acquire-options.js';
import type { Acquisition } from './acquisition.js';
import { Announcement } from './announcement.js';
import { isSilence, type Acquired, type Contender } from './contender.js';
import { noteRelease, Place } from './crowd.js';
import { LinePlace } from './line.js';
import { waitForLock, type Woken } from './watcher.js';
import { LockHeldError, LockTimeoutError, type LockContention } from '../model/errors.js';
import { reportAcquired, reportFailed, reportHeld, reportQueued, reportWaiting } from './report.js';
import { Deadline, OverdueError } from './deadline.js';
import { FailedTries } from './failed-tries.js';
import { HeldLock } from './held-lock.js';
import { describeContention } from '../model/holder.js';
import { Backoff } from './backoff.js';
import { takeTurn, takeTurnNow, type Turn } from './queue.js';
import { abortAfter, limitText, untilAborted } from '../../util/abort.js';
import { sleep } from '../../util/sleep.js';
import { run, type Steps } from '../../util/steps.js';
import { VfsError } from '../../vfs/errors.js';
import type { CallOptions } from '../../vfs/vfs.js';

/** How long a caller that gives up may take to release what it may have acquired. */
const ABANDON_LIMIT_MS = 5000;

/** A caller with no more time than this lets nobody go first. */
const SHORT_WAIT_MS = 50;

/**
 * The most attempts in a row that may find the lock taken although it was just reported free. Rivals alone do not explain more.
 */
const MOST_LOST_IN_A_ROW = 100;

/** How long a caller whose time is up tries to find out who holds the lock. */
const EXPLAIN_LIMIT_MS = 1000;

/** How long a caller whose time is up waits for what is under way to end by itself. */
const ENDING_MS = 500;

/** Tries once, without waiting. Undefined: somebody else, in this process or elsewhere, holds the lock. */
export async function tryOnce(
  contender: Contender,
  acquisition: Acquisition,
  signal?: AbortSignal,
): Promise<HeldLock | undefined> {
  const { target } = contender;
  const turn = takeTurnNow(target.queueKey);
  contender.queued = turn === undefined;
  if (turn === undefined) {
    reportHeld(contender);
    return undefined;
  }
  const deadline = signal || !target.immediate ? new Deadline(Infinity, signal) : undefined;
  try {
    if (deadline === undefined) return await tryInTurn(contender, turn, {});
    acquisition.onCancel((reason) => deadline.end(reason));
    return await endBy(deadline, tryInTurn(contender, turn, { signal: deadline.signal }));
  } catch (error) {
    const aborted = signal?.aborted ? (signal.reason as Error) : undefined;
    const failure = acquisition.cancelledBy ?? aborted ?? withoutHolder(contender, error);
    reportFailed(contender, failure, acquisition.cancelledBy !== undefined || signal?.aborted);
    throw failure;
  } finally {
    deadline?.clear();
  }
}

async function tryInTurn(contender: Contender, turn: Turn, options: CallOptions): Promise<HeldLock | undefined> {
  let held: HeldLock | undefined;
  try {
    const acquired = await run(contender.tryCreate(options));
    if (acquired) {
      reportAcquired(contender, acquired);
      held = new HeldLock(contender.target, acquired, contender.options, turn.done);
    } else {
      reportHeld(contender);
    }
    return held;
  } catch (error) {
    await abandon(contender);
    throw error;
  } finally {
    if (held === undefined) turn.done();
  }
}

/** Waits for the lock: first for earlier callers in this process, then for everybody else. With `waitMs` 0 it tries once. */
export async function waitFor(
  contender: Contender,
  wait: ResolvedAcquireOptions,
  acquisition: Acquisition,
): Promise<HeldLock> {
  const { waitMs, signal } = wait;
  if (waitMs === 0) {
    signal?.throwIfAborted();
    const held = await tryOnce(contender, acquisition, signal);
    if (held) return held;
    const contention = await explain(contender);
    throw new LockHeldError(describeContention(contention), contention);
  }
  const deadline = new Deadline(waitMs, signal);
  const announcement = wait.announce ? new Announcement(contender, wait) : undefined;
  acquisition.onCancel((reason) => deadline.end(reason));
  try {
    const turn = takeTurnNow(contender.target.queueKey) ?? (await queue(contender, deadline));
    return await endBy(deadline, contend(contender, turn, deadline, wait));
  } catch (error) {
    let failure: unknown;
    const { cancelledBy } = acquisition;
    if (cancelledBy) failure = cancelledBy;
    else if (signal?.aborted) failure = signal.reason;
    else if (deadline.hasEnded) failure = await timeoutOf(contender, { waitMs, announcement }, error);
    else failure = withoutHolder(contender, error);
    reportFailed(contender, failure, cancelledBy !== undefined || signal?.aborted);
    throw failure;
  } finally {
    announcement?.end();
    deadline.clear();
  }
}

/** A lock that is acquired after the caller gave up is released at once. */
function endBy<T extends HeldLock | undefined>(deadline: Deadline, work: Promise<T>): Promise<T> {
  let isOver = false;
  const release = async (held: T): Promise<T> => {
    if (isOver) await held?.release();
    return held;
  };
  return deadline.until(work.then(release), ENDING_MS).catch((error: unknown) => {
    isOver = true;
    throw error;
  });
}

async function queue(contender: Contender, deadline: Deadline): Promise<Turn> {
  contender.queued = true;
  reportQueued(contender);
  const turn = await takeTurn(contender.target.queueKey, deadline.signal);
  contender.queued = false;
  return turn;
}

/** Tries until the lock is held or the deadline ends. Unless the lock is held then, the next caller in this process gets its turn. */
async function contend(
  contender: Contender,
  turn: Turn,
  deadline: Deadline,
  { waitMs, pollMs }: ResolvedAcquireOptions,
): Promise<HeldLock> {
  const { target, options } = contender;
  const { vfs, queueKey } = target;
  const places = {
    place: new Place(queueKey, contender.startedMs),
    line: new LinePlace(target, waitMs > SHORT_WAIT_MS),
  };
  const { place, line } = places;
  let held: HeldLock | undefined;
  try {
    if (vfs.watch && waitMs > SHORT_WAIT_MS) await letOthersGoFirst(places, deadline);
    const backoff = new Backoff(vfs.capabilities, pollMs);
    const acquired = await tryUntilAcquired(contender, places, { deadline, backoff });
    line.acquired();
    if (!line.isOpen) place.acquired(contender.attempts > 1);
    reportAcquired(contender, acquired);
    const onEnd = (): void => {
      noteRelease(queueKey);
      line.released();
      turn.done();
    };
    held = new HeldLock(target, acquired, options, onEnd, () => line.releasing());
    return held;
  } catch (error) {
    await abandon(contender);
    throw error;
  } finally {
    if (held === undefined) {
      line.leave();
      turn.done();
    }
  }
}

/** A caller's place among all who wait for one lock: in the line, where the store has one, or as far as this process can know. */
interface Places {
  readonly place: Place;
  readonly line: LinePlace;
}

async function tryUntilAcquired(
  contender: Contender,
  places: Places,
  { deadline, backoff }: { readonly deadline: Deadline; readonly backoff: Backoff },
): Promise<Acquired> {
  const failures = new FailedTries(contender);
  let lostInARow = 0;
  const { place, line } = places;
  let acquired = line.goesLast ? undefined : await failures.orUndefined(tryFirst(contender, place, deadline));
  while (acquired === undefined) {
    const { signal } = deadline;
    reportWaiting(contender);
    const ms = Math.max(backoff.nextMs(contender.contention.expiresInMs ?? 0), place.unreadMs());
    // A store that reports no file again and again where it then finds one is not trusted: that would never end.
    const isTrusted = (contender.isHeldByAnother || line.goesLast) && lostInARow < MOST_LOST_IN_A_ROW;
    const woken = await awaitChange(contender, places, { ms, signal, isTrusted });
    lostInARow = woken === 'gone' ? lostInARow + 1 : 0;
    const next = woken === 'gone' ? contender.tryCreate({ signal }) : contender.tryTakeOver({ signal });
    acquired = await failures.orUndefined(next);
  }
  return acquired;
}

/** In a crowd the lock is probably taken, and a look is cheaper than a file that is staged in vain. */
function tryFirst(contender: Contender, place: Place, deadline: Deadline): Steps<Acquired | undefined> {
  const { vfs, immediate } = contender.target;
  const options = immediate ? {} : { signal: deadline.signal };
  return vfs.watch && place.isCrowded ? contender.tryTakeOver(options) : contender.tryCreate(options);
}

function awaitChange(
  { target: { vfs, path }, expectsTombstone: readsChanges }: Contender,
  { place, line }: Places,
  { ms, signal, isTrusted }: { readonly ms: number; readonly signal: AbortSignal; readonly isTrusted: boolean },
): Promise<Woken> {
  const watch = isTrusted ? vfs.watch?.bind(vfs, path) : undefined;
  if (watch && line.open()) return line.wait(watch, signal, { ms, readsChanges });
  return waitForLock(watch, signal, { ms, awayMs: () => place.awayMs(), readsChanges });
}

async function letOthersGoFirst({ place, line }: Places, deadline: Deadline): Promise<void> {
  const yieldMs = place.yieldMs();
  if (yieldMs > 0 && !line.open()) await sleep(yieldMs, deadline.signal);
}

async function abandon(contender: Contender): Promise<void> {
  await run(contender.abandon({ signal: abortAfter(ABANDON_LIMIT_MS) })).catch(() => undefined);
}

/** The error for a caller whose time is up. It says who holds the lock, or what prevents the caller from taking it. */
async function timeoutOf(
  contender: Contender,
  {
    waitMs,
    announcement,
  }: Pick<ResolvedAcquireOptions, 'waitMs'> & { readonly announcement: Announcement | undefined },
  cause: unknown,
): Promise<Error> {
  const isSilent = cause instanceof OverdueError;
  const found = isSilent ? contender.contention : await explain(contender);
  const { failure, isHeldByAnother, wasRead, target } = contender;
  // A write that was cut short because the time was up says nothing about the store.
  const isCutShort = failure instanceof VfsError && failure.code === 'ERR_VFS_ABORTED';
  if (!isHeldByAnother && failure && !isCutShort) return withoutHolder(contender, failure);
  if (!isHeldByAnother && (isSilent || isCutShort || !wasRead)) {
    const store = target.vfs.storeId === undefined ? 'the store' : `the store (${target.vfs.storeId})`;
    const message = `cannot lock ${target.displayPath}: ${store} did not answer for ${limitText(waitMs)}; ${NOBODY}`;
    return new VfsError('ERR_VFS_TIMEOUT', message, { cause });
  }
  const waiters = isSilent ? undefined : await announcement?.others();
  const contention = waiters === undefined ? found : { ...found, waiters };
  return new LockTimeoutError(describeContention(contention), contention, { cause: failure ?? cause, waitMs });
}

/** Silence of the store does not mean that somebody holds the lock, and its error says so. */
function withoutHolder(contender: Contender, error: unknown): Error {
  if (!isSilence(error) || contender.isHeldByAnother) return error as Error;
  return new VfsError(error.code, `${error.message}; ${NOBODY}`, { cause: error, effect: error.effect });
}

const NOBODY = 'nobody is known to hold the lock';

/** Who holds the lock: as last seen, or as it is now for a caller that never had its turn. */
async function explain(contender: Contender): Promise<LockContention> {
  if (contender.contention.ageMs !== undefined && !contender.isOutdated) return contender.contention;
  const signal = abortAfter(EXPLAIN_LIMIT_MS);
  await untilAborted(run(contender.inspect({ signal })), signal).catch(() => undefined);
  return contender.contention;
}
