import { hostname, userInfo } from 'node:os';

import { effectOf, VfsError } from '../vfs/errors.js';
import { LockOptionError } from '../util/option-error.js';
import { publish } from '../lock/model/events.js';
import { VfsFile } from '../vfs/file.js';
import { lockPath } from '../vfs/names.js';
import { openFile } from '../open.js';
import { resolveSignal } from '../lock/model/options.js';
import { readLock } from '../lock/model/reader.js';
import { run } from '../util/steps.js';
import { freeByVersion, type Seen } from './free.js';

export interface ForceReleaseOptions {
  /** The `lockId` of the lock to end, or the `version` that `inspect` tells of one that has none. */
  readonly expect: string;
  /** Why, in your own words, for the event. */
  readonly reason?: string;
  /** Who does it. Default: the user and the host. */
  readonly by?: string;
  readonly signal?: AbortSignal;
}

/** A live holder may renew between the look and the removal, a few times in a row. */
const TRIES = 8;

/**
 * Ends somebody's lock, stale or not: its holder learns of it at its next renewal, and may go on working until then. False:
 * the lock is not the one expected any more, and nothing was changed. Publishes `vfs-lockfile:force-release`.
 */
export async function forceRelease(file: string | URL | VfsFile, options: ForceReleaseOptions): Promise<boolean> {
  const terms = termsOf(options);
  const signal = resolveSignal(options);
  const startedMs = performance.now();
  const { vfs, path } = await openFile(file);
  const lock = new VfsFile(vfs, lockPath(path));
  const ended = await end(lock, terms.expect, signal);
  if (!ended) return false;
  const { record, tries } = ended;
  publish('force-release', () => ({
    path: lock.toString(),
    backend: vfs.scheme,
    lockId: record?.lockId ?? '',
    ownerId: record?.ownerId ?? '',
    attempt: tries,
    durationMs: performance.now() - startedMs,
    reason: terms.reason,
    by: terms.by,
  }));
  return true;
}

/** Undefined: it is another lock by now, or none. */
async function end(
  lock: VfsFile,
  expect: string,
  signal: AbortSignal | undefined,
): Promise<(Seen & { readonly tries: number }) | undefined> {
  let unanswered: Seen | undefined;
  for (let tries = 1; tries <= TRIES; tries += 1) {
    const seen = await run(readLock(lock.vfs, lock.path, { signal }));
    if (seen === undefined || seen.record?.released || idOf(seen) !== expect) {
      // Gone after a request of ours that got no answer: it was carried out.
      return unanswered && { ...unanswered, tries };
    }
    try {
      if (await freeByVersion(lock.vfs, lock.path, seen, { signal })) return { ...seen, tries };
    } catch (error) {
      if (effectOf(error) === 'none' || tries === TRIES) throw error;
      unanswered = seen;
    }
  }
  throw new VfsError('ERR_VFS_IO', `cannot release ${lock.toString()}: it changed ${String(TRIES)} times meanwhile`);
}

/** Go's own records have no id. */
function idOf({ record, version }: Seen): string {
  return record === undefined || record.lockId === '' ? version : record.lockId;
}

function termsOf({ expect, reason = '', by }: ForceReleaseOptions): Required<Omit<ForceReleaseOptions, 'signal'>> {
  if (typeof expect !== 'string' || expect === '') {
    throw new LockOptionError('expect must be the lockId of the lock to end: a lock is never released blindly');
  }
  for (const [name, text] of Object.entries({ reason, by: by ?? '' })) {
    if (typeof text !== 'string') throw new LockOptionError(`${name} must be a string, not ${typeof text}`);
  }
  return { expect, reason, by: by ?? thisUser() };
}

function thisUser(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    // This user has no entry in the user database.
    return `uid ${String(process.getuid?.())}@${hostname()}`;
  }
}
