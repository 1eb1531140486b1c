import { LockHeldError, LockTimeoutError } from '../model/errors.js';
import { publish, type LockEvent } from '../model/events.js';
import { describeContention } from '../model/holder.js';
import type { LockRecord } from '../model/record.js';
import type { Contender, Won } from './contender.js';
import type { LockTarget } from './target.js';

export function tellOfQueueing(contender: Contender): void {
  publish('wait', () =>
    aboutAcquiring(contender, `another caller in this process has ${contender.target.displayPath}`),
  );
}

export function tellOfWaiting(contender: Contender): void {
  publish('wait', () => aboutAcquiring(contender, describeContention(contender.contention)));
}

export function tellOfWinning(contender: Contender, { reclaimed }: Won): void {
  if (reclaimed) publish('steal', () => aboutAcquiring(contender, reclaimed.reason));
  publish('acquire', () => aboutAcquiring(contender, reclaimed?.reason ?? 'free'));
}

/** Of an acquisition that did not wait, and found the lock in other hands. */
export function tellOfHolder(contender: Contender): void {
  publish('timeout', () => aboutAcquiring(contender, 'held'));
}

/** Of an acquisition that ended with an error. */
export function tellOfFailing(contender: Contender, error: unknown, aborted = false): void {
  if (error instanceof LockHeldError) tellOfHolder(contender);
  else if (error instanceof LockTimeoutError) publish('timeout', () => aboutAcquiring(contender, 'timeout'));
  else publish('fail', () => ({ ...aboutAcquiring(contender, aborted ? 'aborted' : 'failed'), error }));
}

/** What every event says of its lock. */
export function about(
  place: LockTarget,
  record: Pick<LockRecord, 'lockId' | 'ownerId'>,
): Pick<LockEvent, 'path' | 'backend' | 'lockId' | 'ownerId'> {
  return { path: place.displayPath, backend: place.scheme, lockId: record.lockId, ownerId: record.ownerId };
}

function aboutAcquiring({ target, options, lockId, attempts, startedMs }: Contender, reason: string): LockEvent {
  return {
    ...about(target, { lockId, ownerId: options.ownerId }),
    attempt: attempts,
    durationMs: performance.now() - startedMs,
    reason,
  };
}
