import { channel, type Channel } from 'node:diagnostics_channel';

/** What every event tells. What `attempt`, `durationMs` and `reason` mean depends on the event: see `LockEventName`. */
export interface LockEvent {
  /** The lock file, as a person finds it. */
  readonly path: string;
  /** The scheme of the store. */
  readonly backend: string;
  /** The acquisition that this is about, from its first `wait` to its `release`. */
  readonly lockId: string;
  readonly ownerId: string;
  readonly attempt: number;
  /** In milliseconds. */
  readonly durationMs: number;
  readonly reason: string;
  /** What went wrong, with the reason `'failed'`; of `lost`, what kept the lock from being renewed, where that is known. */
  readonly error?: unknown;
  /** Who did it, of `force-release` alone. */
  readonly by?: string;
}

/**
 * The events, each on the diagnostics channel `vfs-lockfile:<name>`. Of an acquisition, `attempt` counts the looks at the lock
 * (0: it only stood in this process's own line), and `durationMs` is how long it has taken so far:
 * - `wait`: it goes on waiting; `reason` is a sentence for people.
 * - `steal`, just before `acquire`: it took a stale lock over; `reason` as in `Reclaimed`.
 * - `acquire`: it has the lock; `reason` is `'free'`, or that of `steal`.
 * - `timeout`: others have the lock; `reason` is `'timeout'`, or `'held'` where no waiting was asked for.
 * - `fail`: it was given up; `reason` is `'aborted'` by its signal, or `'failed'`.
 *
 * Of a lock that is held, `attempt` counts the renewals:
 * - `renew`: `reason` is `'renewed'` or `'failed'`, `durationMs` how long that took.
 * - `lost`: `reason` as in `LockLostError`, `durationMs` how long it was held.
 * - `release`: `reason` is `'released'`, `'failed'`, or, when the lock was not there any more, `'removed'` or `'stolen'`;
 *   `durationMs` how long it was held.
 *
 * - `force-release`: a person ended somebody else's lock; `by` and `reason` are in their words, `attempt` is 1, `durationMs`
 *   how long it took.
 */
export type LockEventName =
  'wait' | 'steal' | 'acquire' | 'timeout' | 'fail' | 'renew' | 'lost' | 'release' | 'force-release';

const channels: Readonly<Record<LockEventName, Channel>> = {
  wait: channel('vfs-lockfile:wait'),
  steal: channel('vfs-lockfile:steal'),
  acquire: channel('vfs-lockfile:acquire'),
  timeout: channel('vfs-lockfile:timeout'),
  fail: channel('vfs-lockfile:fail'),
  renew: channel('vfs-lockfile:renew'),
  lost: channel('vfs-lockfile:lost'),
  release: channel('vfs-lockfile:release'),
  'force-release': channel('vfs-lockfile:force-release'),
};

/** Publishes on the diagnostics channel `vfs-lockfile:<name>`; the event is not even made when nobody listens. */
export function publish(name: LockEventName, event: () => LockEvent): void {
  if (channels[name].hasSubscribers) channels[name].publish(event());
}
