import { stat } from 'node:fs/promises';

import { eachUntilAborted, limitText, SilenceError, untilAborted } from '../../util/abort.js';
import { VfsError } from '../../vfs/errors.js';
import { isPromiseLike, run, runSync, start, type Eventual, type Steps } from '../../util/steps.js';
import { codeOf, isRefusal, posixError } from '../shared/plain/posix-errors.js';
import { knownSyscallsFor, mayHang, syscallsFor, watchBlocking } from './disk.js';
import { LocalFiles } from './files.js';
import { nextTurn } from './pace.js';
import { partyIn } from './party.js';
import { ENDING_MS, PatientOperation, UnfinishedError, type Limits } from './patient.js';
import { blockingCalls, inlineCalls, type Syscalls } from './syscalls.js';

/** More than any lock record has: larger data belongs to somebody else, and goes through the thread pool. */
const INLINE_BYTES = 128 * 1024;

/** Where a file is on this machine, and the folder that it is in. */
export interface Place {
  readonly located: string;
  readonly folder: string;
}

/** One call of a store: what error messages name it, and the file that it is about. */
export interface Call extends Limits {
  readonly placeOf: (path: string) => Place;
  readonly verb: string;
  readonly path: string;
  /** Where the file is to go, as messages show it. */
  readonly target?: string;
}

/** The work of a call on a lock file. */
export type LockWork<T> = (files: LocalFiles, located: string) => Steps<T>;

/**
 * Runs work on a lock file that reads or writes up to `bytes`. A local disk does it at once, and where this turn of the event loop
 * has time left there is not even a promise; a disk that may hang, or much data, goes through the thread pool.
 */
export function runOnLock<T>(call: Call, bytes: number, work: LockWork<T>): Eventual<T> {
  const { placeOf, path, signal } = call;
  const place = placeOf(path);
  if (bytes > INLINE_BYTES || signal?.aborted || knownSyscallsFor(place.folder) !== inlineCalls)
    return runPatiently(call, place, bytes, work);
  const turn = nextTurn();
  return turn ? turn.then(() => runOnLock(call, bytes, work)) : runInline(call, place, work);
}

function runInline<T>(call: Call, { located, folder }: Place, work: LockWork<T>): Eventual<T> {
  const fail = (error: unknown): never => {
    throw failure(call, located, error);
  };
  try {
    const files = new LocalFiles(inlineCalls, folder, call.signal, partyIn(folder));
    const outcome = watchBlocking(folder, () => start(work(files, located)));
    return isPromiseLike(outcome) ? outcome.then(undefined, fail) : outcome;
  } catch (error) {
    return fail(error);
  }
}

async function runPatiently<T>(call: Call, place: Place, bytes: number, work: LockWork<T>): Promise<T> {
  const { located, folder } = place;
  try {
    call.signal?.throwIfAborted();
    const calls = knownSyscallsFor(folder) ?? (await disksCalls(folder, call));
    if (bytes <= INLINE_BYTES && calls === inlineCalls) return await runOnLock(call, bytes, work);
    const operation = new PatientOperation(folder, mayHang(folder));
    const files = new LocalFiles(operation.calls, folder, call.signal, partyIn(folder));
    return await operation.settle(() => run(work(files, located)), call);
  } catch (error) {
    throw failure(call, located, error);
  }
}

/** Finds out which calls suit a folder, which asks its disk. */
function disksCalls(folder: string, limits: Limits): Promise<Syscalls> {
  const operation = new PatientOperation(folder, true);
  return operation.settle(() => operation.ask(() => syscallsFor(folder)), limits);
}

/** Runs work on a lock file to its end before it returns. */
export function runOnLockSync<T>(call: Call, work: LockWork<T>): T {
  const { located, folder } = call.placeOf(call.path);
  try {
    return runSync(work(new LocalFiles(blockingCalls, folder, undefined, partyIn(folder)), located));
  } catch (error) {
    throw failure(call, located, error);
  }
}

/** Runs work that no lock depends on. Without `isShort` it may take as long as it likes, unless its signal aborts. */
export async function runOnData<T>(call: Call, work: (located: string) => Promise<T>, isShort = false): Promise<T> {
  const { placeOf, path, target, signal, limitMs } = call;
  const { located, folder } = placeOf(path);
  try {
    signal?.throwIfAborted();
    if (!(await isDoubtful(folder, call))) return await work(located);
    const patience = { graceMs: ENDING_MS, limitMs: isShort ? limitMs : Infinity, errorOf: unfinished };
    return await untilAborted(work(located), signal, patience);
  } catch (error) {
    throw failure(call, target === undefined ? located : `${located} to ${target}`, error);
  }
}

/** Runs such work to its end before it returns. */
export function runOnDataSync<T>(call: Call, work: (located: string) => T): T {
  const { located } = call.placeOf(call.path);
  try {
    return work(located);
  } catch (error) {
    throw failure(call, located, error);
  }
}

/** The same for work that yields: each item has to come in time. */
export async function* eachOfData<T>(
  call: Call,
  { located, folder }: Place,
  work: () => AsyncGenerator<T>,
): AsyncGenerator<T> {
  const { signal, limitMs } = call;
  try {
    signal?.throwIfAborted();
    if (await isDoubtful(folder, call))
      yield* eachUntilAborted(work(), signal, { graceMs: ENDING_MS, limitMs, errorOf: unfinished });
    else yield* work();
  } catch (error) {
    throw failure(call, located, error);
  }
}

/**
 * Whether the disk of a folder may hang. It answers now, or this rejects: work on a disk that is known to hang would take one
 * more thread of the pool each time.
 */
async function isDoubtful(folder: string, limits: Limits): Promise<boolean> {
  const calls = knownSyscallsFor(folder) ?? (await disksCalls(folder, limits));
  if (calls === inlineCalls || !mayHang(folder)) return false;
  const operation = new PatientOperation(folder, true);
  await operation.settle(() => operation.ask(() => stat(folder).catch(() => undefined)), limits);
  return true;
}

function unfinished(reason: unknown): Error {
  return reason instanceof SilenceError ? reason : new UnfinishedError('given up', { cause: reason });
}

const CHANGES = ['create', 'replace', 'remove', 'move', 'commit', 'append'];

/** A change that was not plainly refused may have been made, as when a server did it and its reply was lost. */
function failure({ verb, signal }: Call, located: string, cause: unknown): VfsError {
  const effect = CHANGES.includes(verb) ? 'unknown' : 'none';
  if (cause instanceof SilenceError) {
    const message = `cannot ${verb} ${located}: the disk did not answer for ${limitText(cause.limitMs)}`;
    return new VfsError('ERR_VFS_TIMEOUT', message, { cause, effect });
  }
  if (cause instanceof UnfinishedError) {
    return new VfsError('ERR_VFS_ABORTED', `${verb} ${located}: aborted, and the disk hangs`, { cause, effect });
  }
  const error = posixError(verb, located, cause, signal);
  if (error === cause || error.code !== 'ERR_VFS_IO' || isRefusal(codeOf(cause))) return error;
  return new VfsError(error.code, error.message, { cause, effect });
}
