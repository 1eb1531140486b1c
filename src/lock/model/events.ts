import { channel, subscribe, unsubscribe, type Channel } from 'node:diagnostics_channel';
import { debuglog, inspect } from 'node:util';

import { checkCallback } from '../../util/option-check.js';
import { LockOptionError } from '../../util/option-error.js';
import type { Reclaimed } from './holder.js';
import type { LockRecord } from './record.js';

/**
 * The message of every event. What `attempt`, `durationMs` and `reason` mean depends on the event: see `LockEventName`.
 *
 * @example
 * import { subscribe } from 'node:diagnostics_channel';
 * subscribe('vfs-lockfile:lost', (message) => {
 *   const { path, reason } = message as LockEvent;
 *   console.error(`lost ${path}: ${reason}`);
 * });
 */
export interface LockEvent {
  /** The display path of the lock file. */
  readonly path: string;
  /** The scheme of the store: `file`, `mem`, `sftp`, `s3`, `gs`. */
  readonly backend: string;
  /** Identifies the acquisition, from its first `wait` to its `release`. */
  readonly lockId: string;
  /** The `ownerId` of the caller; of `force-release`, that of the holder. */
  readonly ownerId: string;
  /** How many tries or renewals there were. */
  readonly attempt: number;
  /** In milliseconds. */
  readonly durationMs: number;
  /** Why; one of a few words, or a sentence. */
  readonly reason: string;
  /** The error, where `reason` is `'failed'`. Of `lost`: the error that prevented the renewal, if there was one. */
  readonly error?: unknown;
  /** Who did it; `force-release` only. */
  readonly by?: string;
  /** The record of who holds the lock; `wait` only, where the store shows one. Do not trust its texts. */
  readonly holder?: LockRecord;
  /** How many callers of this process are before this one; `wait` only, while it waits for those. */
  readonly position?: number;
  /** What was written into the lock file; `acquire` only. */
  readonly record?: LockRecord;
  /** The stale lock that was taken over, as far as it could be read; `steal` only. */
  readonly reclaimed?: Reclaimed;
}

/**
 * The events, each on the diagnostics channel `vfs-lockfile:<name>`.
 *
 * For an acquisition, `attempt` counts the tries (0: it only waited for other callers in this process), and `durationMs` is the
 * time since it began:
 * - `wait`: it goes on waiting; `reason` is a sentence for people.
 * - `steal`, just before `acquire`: it took a stale lock over; `reason` is a `StaleReason`.
 * - `acquire`: it has the lock; `reason` is `'free'`, or that of `steal`.
 * - `timeout`: somebody else has the lock; `reason` is `'timeout'`, or `'held'` where the caller did not wait.
 * - `fail`: it ended with another error; `reason` is `'aborted'` (by its signal) or `'failed'`.
 *
 * For a lock that is held, `attempt` counts the renewals:
 * - `renew`: `reason` is `'renewed'` or `'failed'`; `durationMs` is how long the renewal took.
 * - `lost`: `reason` is a `LossReason`; `durationMs` is how long the lock was held.
 * - `release`: `reason` is `'released'`, `'failed'`, or, when the lock was not there any more, `'removed'` or `'stolen'`;
 *   `durationMs` is how long the lock was held.
 *
 * `force-release`: a person ended somebody else's lock. `by` and `reason` are that person's words, `attempt` counts the tries, and
 * `durationMs` is how long it took.
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

/** Publishes on the diagnostics channel `vfs-lockfile:<name>`. Calls `event` only when somebody listens. */
export function publish(name: LockEventName, event: () => LockEvent): void {
  if (channels[name].hasSubscribers) channels[name].publish(event());
}

/**
 * Calls `listener` for every event of this process, or for those with some names, in the tick in which they happen. Returns a function
 * that ends this. An error that `listener` throws becomes an uncaught exception.
 *
 * @param names The events; by default all of them.
 * @throws {LockOptionError} `ERR_LOCK_OPTION`: `listener` is no function, or there is no event of such a name.
 * @example
 * const stop = events((name, { path, reason }) => console.log(name, path, reason), ['steal', 'lost']);
 */
export function events(
  listener: (name: LockEventName, event: LockEvent) => void,
  names: readonly LockEventName[] = NAMES,
): () => void {
  checkCallback('listener', listener, 'events(listener, names)');
  for (const name of names) checkName(name);
  const pairs = names.map((name) => {
    const onMessage = (message: unknown): void => listener(name, message as LockEvent);
    return [`vfs-lockfile:${name}`, onMessage] as const;
  });
  for (const [channelName, onMessage] of pairs) subscribe(channelName, onMessage);
  return () => {
    for (const [channelName, onMessage] of pairs) unsubscribe(channelName, onMessage);
  };
}

const NAMES = Object.keys(channels) as readonly LockEventName[];

function checkName(name: unknown): void {
  if (typeof name === 'string' && Object.hasOwn(channels, name)) return;
  throw new LockOptionError(`there is no event ${inspect(name, { depth: 0 })}; there are ${NAMES.join(', ')}`);
}

/** With `NODE_DEBUG=vfs-lockfile` in the environment, every event is a line on stderr. */
const debug = debuglog('vfs-lockfile');
if (debug.enabled) {
  events((name, { path, reason, attempt, durationMs, lockId, error }) => {
    const failure = error instanceof Error ? `: ${error.message}` : '';
    debug(`${name} ${path}: ${reason}${failure} (attempt ${attempt}, ${Math.round(durationMs)} ms, id ${lockId})`);
  });
}
