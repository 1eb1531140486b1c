import { monotonicMs } from '../../util/time.js';
import { LockHeldError, LockTimeoutError } from '../model/errors.js';
import { publish, type LockEvent } from '../model/events.js';
import { describeContention } from '../model/holder.js';
import type { LockRecord } from '../model/record.js';
import type { Acquired, Contender } from './contender.js';
import { queueLength } from './queue.js';
import type { LockTarget } from './target.js';

export function reportQueued(contender: Contender): void {
  publish('wait', () => {
    const { displayPath, queueKey } = contender.target;
    const reason = `another caller in this process has ${displayPath}`;
    return { ...aboutAcquiring(contender, reason), position: queueLength(queueKey) };
  });
}

export function reportWaiting(contender: Contender): void {
  publish('wait', () => {
    const { contention } = contender;
    const event = aboutAcquiring(contender, describeContention(contention));
    return contention.record ? { ...event, holder: contention.record } : event;
  });
}

export function reportAcquired(contender: Contender, { reclaimed, lease }: Acquired): void {
  if (reclaimed) publish('steal', () => ({ ...aboutAcquiring(contender, reclaimed.reason), reclaimed }));
  const { record } = lease;
  publish('acquire', () => ({ ...aboutAcquiring(contender, reclaimed?.reason ?? 'free'), record }));
}

/** The lock is held by somebody else, and the caller does not wait for it. */
export function reportHeld(contender: Contender): void {
  publish('timeout', () => aboutAcquiring(contender, 'held'));
}

/** The acquisition ended with an error. */
export function reportFailed(contender: Contender, error: unknown, aborted = false): void {
  if (error instanceof LockHeldError) reportHeld(contender);
  else if (error instanceof LockTimeoutError) publish('timeout', () => aboutAcquiring(contender, 'timeout'));
  else publish('fail', () => ({ ...aboutAcquiring(contender, aborted ? 'aborted' : 'failed'), error }));
}

/** What every event says about its lock. */
export function about(
  target: LockTarget,
  record: Pick<LockRecord, 'lockId' | 'ownerId'>,
): Pick<LockEvent, 'path' | 'backend' | 'lockId' | 'ownerId'> {
  return { path: target.displayPath, backend: target.vfs.scheme, lockId: record.lockId, ownerId: record.ownerId };
}

/** What an event of a held lock says. Spelled out, as many locks are renewed again and again. */
export function aboutHeld(
  { displayPath: path, vfs }: LockTarget,
  { lockId, ownerId, renewals: attempt }: LockRecord,
  { durationMs, reason, error }: { readonly durationMs: number; readonly reason: string; readonly error: unknown },
): LockEvent {
  const backend = vfs.scheme;
  if (error === undefined) return { path, backend, lockId, ownerId, attempt, durationMs, reason };
  return { path, backend, lockId, ownerId, attempt, durationMs, reason, error };
}

function aboutAcquiring({ target, options, lockId, attempts, startedMs }: Contender, reason: string): LockEvent {
  return {
    ...about(target, { lockId, ownerId: options.ownerId }),
    attempt: attempts,
    durationMs: monotonicMs() - startedMs,
    reason,
  };
}
