import { channel, type Channel } from 'node:diagnostics_channel';

import type { Contender, Won } from './protocol/contender.js';
import { describeObstacle } from './obstacle.js';
import type { LockRecord } from './record.js';
import type { LockPlace } from './protocol/tenure.js';

/** What every event tells. Durations are in milliseconds. */
export interface LockEvent {
  /** The lock file, as a person finds it. */
  readonly path: string;
  /** The scheme of the store. */
  readonly backend: string;
  readonly lockId: string;
  readonly ownerId: string;
  /** How many looks it took (`wait`, `acquire`), or how many renewals there were before. */
  readonly attempt?: number;
  /** How long the operation took, or how long the lock was held (`lost`, `release`). */
  readonly durationMs?: number;
  readonly reason?: string;
  readonly error?: unknown;
}

export type LockEventName = 'acquire' | 'wait' | 'renew' | 'steal' | 'lost' | 'release';

const channels: Readonly<Record<LockEventName, Channel>> = {
  acquire: channel('vfs-lockfile:acquire'),
  wait: channel('vfs-lockfile:wait'),
  renew: channel('vfs-lockfile:renew'),
  steal: channel('vfs-lockfile:steal'),
  lost: channel('vfs-lockfile:lost'),
  release: channel('vfs-lockfile:release'),
};

/** Publishes on the diagnostics channel `vfs-lockfile:<name>`; the event is not even made when nobody listens. */
export function publish(name: LockEventName, event: () => LockEvent): void {
  if (channels[name].hasSubscribers) channels[name].publish(event());
}

export function tellOfWaiting({ place, terms, lockId, obstacle }: Contender, attempt: number, startedMs: number): void {
  publish('wait', () => ({
    ...about(place, { lockId, ownerId: terms.ownerId }),
    attempt,
    durationMs: performance.now() - startedMs,
    reason: describeObstacle(obstacle),
  }));
}

export function tellOfWinning({ place }: Contender, won: Won, attempt: number, startedMs: number): void {
  const { tenure, reclaimed } = won;
  if (reclaimed) publish('steal', () => ({ ...about(place, tenure.record), attempt, reason: reclaimed.reason }));
  publish('acquire', () => ({ ...about(place, tenure.record), attempt, durationMs: performance.now() - startedMs }));
}

/** What every event says of its lock. */
export function about(place: LockPlace, record: Pick<LockRecord, 'lockId' | 'ownerId'>): LockEvent {
  return { path: place.shown, backend: place.scheme, lockId: record.lockId, ownerId: record.ownerId };
}
