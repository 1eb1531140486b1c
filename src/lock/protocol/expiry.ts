import { limitText } from '../../util/abort.js';

/** What is known about a lease that ended before it was renewed. Times are in milliseconds. */
export interface Expiry {
  readonly leaseMs: number;
  readonly autoRenew: boolean;
  /** How late the timer of the lock is. */
  readonly lateMs: number;
  /** By how much more the wall clock has gone on than the monotonic one since the last renewal. */
  readonly sleptMs: number;
  /** Since when the store owes an answer to a renewal. Undefined: none is under way. */
  readonly unansweredMs: number | undefined;
  readonly failure: unknown;
}

/** Why the lease was not renewed in time, in words. Undefined: nothing is known that explains it. */
export function whyExpired(expiry: Expiry): string | undefined {
  const { leaseMs, autoRenew, lateMs, sleptMs, unansweredMs, failure } = expiry;
  const lease = `its ttl is ${text(leaseMs)}`;
  const much = leaseMs / 3;
  if (sleptMs > much) return `the machine slept, or its clock was set forward, for ${text(sleptMs)}; ${lease}`;
  if (lateMs > much)
    return `this process did not come to its timers for ${text(lateMs)} (blocked event loop, or a pause); ${lease}`;
  if (!autoRenew) return `nobody called renew for ${text(leaseMs)}, and renew is off`;
  if (unansweredMs !== undefined && unansweredMs > much)
    return `the store has not answered the renewal for ${text(unansweredMs)}; ${lease}`;
  return failure instanceof Error ? `the last renewal failed: ${failure.message}` : undefined;
}

function text(ms: number): string {
  return limitText(Math.round(ms));
}
