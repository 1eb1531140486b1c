import { DetachedLock, type DetachedLease, type DetachedOptions } from '../../lock/detached.js';
import type { Reclaimed } from '../../lock/model/holder.js';
import { tokenOf } from '../../lock/model/token.js';
import { userName } from '../../util/user-name.js';
import type { VfsFile } from '../../vfs/file.js';
import { callingProcess } from '../caller.js';
import { Interrupted, signalExitCode, Signals } from '../signals.js';
import { withConflictCode } from '../conflict.js';
import { jsonLine, recordJson, spanJson } from '../terminal/json.js';
import { print } from '../terminal/print.js';
import { printError } from '../terminal/print-error.js';
import { describeTakeover } from '../terminal/takeover.js';
import { WaitingNotice } from '../terminal/waiting-notice.js';
import type { ArgumentsOf } from '../usage/arguments.js';
import { resolveAcquireOptions, resolveHoldOptions } from '../usage/settings.js';
import { openLock, type LockArguments } from '../usage/target.js';

/** Acquires a lock for a process that goes on when this one has ended, and prints its id. Resolves with the exit code. */
export function acquire(args: ArgumentsOf<'acquire'>, tool: string): Promise<number> {
  const { lock, waitMs, conflictCode } = resolveAcquireOptions(args);
  const holder = { ...lock, tool, pid: lock.pid ?? callingProcess() };
  return withConflictCode(conflictCode, () => acquireDetached(args, holder, waitMs));
}

/** Holds a lock for some time, for no process, and prints its id. Resolves with the exit code. */
export function hold(args: ArgumentsOf<'hold'>, tool: string): Promise<number> {
  const { lock, waitMs } = resolveHoldOptions(args);
  return acquireDetached(args, { ...lock, tool, pid: 'none' }, waitMs);
}

type Wishes = LockArguments & Readonly<Record<'json' | 'quiet' | 'announce', boolean>>;

async function acquireDetached(args: Wishes, options: DetachedOptions, waitMs: number): Promise<number> {
  const signals = new Signals();
  const { file, options: which } = await openLock(args);
  const lock = new DetachedLock(file, which);
  const notice = args.quiet ? undefined : new WaitingNotice({ file, path: lock.path }, waitMs);
  try {
    const wish = { waitMs, announce: args.announce, signal: signals.interrupted };
    const lease = await lock.acquire({ ...options, user: userName() }, wish);
    notice?.close();
    if (lease.reclaimed && !args.quiet) printError(describeTakeover(lock.path, lease.reclaimed));
    print(args.json ? acquiredJson(file, lock.path, lease) : `${textOf(lease)}\n`);
    return 0;
  } catch (error) {
    if (error instanceof Interrupted) return signalExitCode(error.signal);
    throw error;
  } finally {
    notice?.close();
  }
}

/** The id, and behind a blank the fencing token if there is one: `read -r id token`. */
function textOf({ record }: DetachedLease): string {
  const token = tokenOf(record);
  return token === undefined ? record.lockId : `${record.lockId} ${token}`;
}

function acquiredJson(
  file: VfsFile,
  path: string,
  { record, remainingMs, reclaimed }: DetachedLease & { readonly reclaimed: Reclaimed | undefined },
): string {
  return jsonLine('acquired', {
    ...{ file: file.toString(), path, id: record.lockId, fencingToken: tokenOf(record)?.toString() ?? null },
    record: recordJson(record),
    remainingMs: spanJson(remainingMs),
    reclaimedFrom: reclaimed ? { reason: reclaimed.reason, ownerId: reclaimed.ownerId ?? '' } : null,
  });
}
