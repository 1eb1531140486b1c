import { dirname } from 'node:path';

import { VfsError } from '../../vfs/errors.js';
import { run, runSync, type Steps } from '../../util/steps.js';
import type { CallOptions, Vfs } from '../../vfs/vfs.js';
import { codeOf, isRefusal, posixError } from '../shared/plain/posix-errors.js';
import { knownSyscallsFor, noteBlocking, syscallsFor } from './disk.js';
import { LocalFiles } from './files.js';
import { nextTurn } from './pace.js';
import { partyIn } from './party.js';
import { blockingCalls, inlineCalls, pooledCalls } from './syscalls.js';

/** More than any lock record has: larger data belongs to somebody else, and goes through the thread pool. */
const INLINE_BYTES = 128 * 1024;

/** One call of a store: what error messages name it, and the file that it is about. */
export interface Call extends CallOptions {
  readonly store: Pick<Vfs, 'check' | 'locate'>;
  readonly verb: string;
  readonly path: string;
  /** Where the file is to go, as messages show it. */
  readonly target?: string;
}

/** The work of a call on a lock file. */
export type LockWork<T> = (files: LocalFiles, located: string) => Steps<T>;

/**
 * Runs work on a lock file that reads or writes up to `bytes`. A local disk does it at once, without a promise for each
 * system call; a disk that may hang, or much data, goes through the thread pool.
 */
export async function runOnLock<T>(call: Call, bytes: number, work: LockWork<T>): Promise<T> {
  const { store, verb, path, signal } = call;
  store.check(path);
  const located = store.locate(path);
  const folder = dirname(located);
  try {
    signal?.throwIfAborted();
    const calls = bytes <= INLINE_BYTES ? (knownSyscallsFor(folder) ?? (await syscallsFor(folder))) : pooledCalls;
    if (calls !== inlineCalls) return await run(work(new LocalFiles(calls, folder, signal, partyIn(folder)), located));
    for (let wait = nextTurn(); wait !== undefined; wait = nextTurn()) await wait;
    const startedMs = performance.now();
    const outcome = run(work(new LocalFiles(calls, folder, signal, partyIn(folder)), located));
    noteBlocking(folder, performance.now() - startedMs);
    return await outcome;
  } catch (error) {
    throw failure(verb, located, error, signal);
  }
}

/** Runs work on a lock file to its end before it returns. */
export function runOnLockSync<T>({ store, verb, path }: Call, work: LockWork<T>): T {
  store.check(path);
  const located = store.locate(path);
  try {
    const folder = dirname(located);
    return runSync(work(new LocalFiles(blockingCalls, folder, undefined, partyIn(folder)), located));
  } catch (error) {
    throw failure(verb, located, error);
  }
}

/** Runs work that no lock depends on. */
export async function runOnData<T>(call: Call, work: (located: string) => Promise<T>): Promise<T> {
  const { store, verb, path, target, signal } = call;
  store.check(path);
  const located = store.locate(path);
  try {
    signal?.throwIfAborted();
    return await work(located);
  } catch (error) {
    throw failure(verb, target === undefined ? located : `${located} to ${target}`, error, signal);
  }
}

const CHANGES = ['create', 'replace', 'remove', 'move'];

/** A change that was not plainly refused may have been made, as when a server did it and its reply was lost. */
function failure(verb: string, located: string, cause: unknown, signal?: AbortSignal): VfsError {
  const error = posixError(verb, located, cause, signal);
  const code = codeOf(cause);
  if (error === cause || error.code !== 'ERR_VFS_IO' || !CHANGES.includes(verb) || isRefusal(code)) return error;
  return new VfsError(error.code, error.message, { cause, effect: 'unknown' });
}
