import { monotonicMs } from '../util/time.js';
import { hostname } from 'node:os';

import { effectOf, VfsError } from '../vfs/errors.js';
import { LockForeignError } from '../lock/model/errors.js';
import { checkedLater, checkOptions, SIGNAL, STRING, type OptionKinds } from '../util/option-check.js';
import { LockOptionError } from '../util/option-error.js';
import { publish } from '../lock/model/events.js';
import { VfsFile } from '../vfs/file.js';
import { lockPathOf } from '../lock/model/lock-path.js';
import { openFile } from '../open.js';
import { LOCK_OPTIONS, type LockOptions } from '../lock/model/options.js';
import { resolveSignal } from '../lock/model/acquire-options.js';
import { isProvablyGone } from '../lock/model/process.js';
import { readLock } from '../lock/model/reader.js';
import { userName } from '../util/user-name.js';
import type { EndedLock } from '../lock/model/record.js';
import { run } from '../util/steps.js';
import { freeByVersion, type ObservedLock } from './free.js';

/** Options of `forceRelease`. */
export interface ForceReleaseOptions extends Pick<LockOptions, 'lockPath'> {
  /** The `id` of the lock to release, as `inspect` returns it. */
  readonly expect: string;
  /**
   * Why, in your own words. It is published with the event, and the holder's error says it.
   * @default ''
   */
  readonly reason?: string | undefined;
  /**
   * Who releases the lock. It is published with the event, and the holder's error says it.
   * @default the user and the host, as `user@host`
   */
  readonly by?: string | undefined;
  /**
   * Aborts the call, which then rejects with the signal's reason.
   * @default none
   */
  readonly signal?: AbortSignal | undefined;
}

const FORCE_RELEASE_OPTIONS: OptionKinds<ForceReleaseOptions> = {
  lockPath: LOCK_OPTIONS.lockPath,
  ...{ expect: checkedLater('the lockId of the lock to release'), reason: STRING, by: STRING, signal: SIGNAL },
};

/** A live holder may renew its lock between our read and our removal, several times in a row. */
const MAX_TRIES = 8;

/**
 * Releases the lock of another holder, stale or not. That holder notices it at its next renewal and may go on working until then, so
 * make sure first that it does not. Its `LockLostError` then says who ended the lock and why. Returns false, and changes nothing, if the lock is not the expected one any more. Publishes
 * `vfs-lockfile:force-release`.
 *
 * @throws {LockOptionError} if `expect` is missing or another option cannot be used.
 * @throws {LockForeignError} if the lock belongs to another program: it is left alone.
 * @throws {VfsError} if the store fails, or if the lock file changed on every attempt.
 * @throws the reason of `signal` if that aborts.
 * @example
 * const { id } = await inspect('inbox/data.csv');
 * if (id) await forceRelease('inbox/data.csv', { expect: id, reason: 'ticket 4711' });
 */
export async function forceRelease(file: string | URL | VfsFile, options: ForceReleaseOptions): Promise<boolean> {
  checkOptions('forceRelease', options, FORCE_RELEASE_OPTIONS);
  const resolved = resolveOptions(options);
  const signal = resolveSignal(options);
  const startedMs = monotonicMs();
  const opened = await openFile(file);
  const { vfs } = opened;
  const lock = new VfsFile(vfs, lockPathOf(opened, options.lockPath));
  const ended = await end(lock, resolved, signal);
  if (!ended) return false;
  const { record, tries } = ended;
  publish('force-release', () => ({
    path: lock.toString(),
    backend: vfs.scheme,
    lockId: record?.lockId ?? '',
    ownerId: record?.ownerId ?? '',
    attempt: tries,
    durationMs: monotonicMs() - startedMs,
    reason: resolved.reason,
    by: resolved.by,
  }));
  return true;
}

type Resolved = Readonly<Record<'expect' | 'reason' | 'by', string>>;

/** Returns undefined if there is no lock, or another one than expected. */
async function end(
  lock: VfsFile,
  { expect, by, reason }: Resolved,
  signal: AbortSignal | undefined,
): Promise<(ObservedLock & { readonly tries: number }) | undefined> {
  let unanswered: ObservedLock | undefined;
  // Whoever is known to have ended needs no message, and without an id none would reach anybody.
  const messageFor = ({ record }: ObservedLock): Omit<EndedLock, 'lockId'> | undefined =>
    !record?.lockId || isProvablyGone(record) ? undefined : { by, reason };
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const observed = await run(readLock(lock.vfs, lock.path, { signal }));
    if (observed?.foreign) throw new LockForeignError(lock.toString(), observed.foreign);
    if (observed === undefined || observed.record?.released || idOf(observed) !== expect) {
      // It is gone after a request of ours that got no answer, so that request was carried out.
      return unanswered && { ...unanswered, tries };
    }
    try {
      if (await freeByVersion(lock.vfs, lock.path, observed, { signal }, messageFor(observed)))
        return { ...observed, tries };
    } catch (error) {
      if (effectOf(error) === 'none' || tries === MAX_TRIES) throw error;
      unanswered = observed;
    }
  }
  throw new VfsError(
    'ERR_VFS_IO',
    `cannot release ${lock.toString()}: it changed ${String(MAX_TRIES)} times meanwhile`,
  );
}

/** Records written by the Go library have no `lockId`. */
function idOf({ record, version }: ObservedLock): string {
  return record === undefined || record.lockId === '' ? version : record.lockId;
}

function resolveOptions({ expect, reason = '', by }: ForceReleaseOptions): Resolved {
  if (typeof expect !== 'string' || expect === '') {
    throw new LockOptionError('expect must be the id of the lock to release, so that no other lock is released');
  }
  return { expect, reason, by: by ?? `${userName()}@${hostname()}` };
}
