import { isProvablyGone } from './process.js';
import { decodeRecord, type LockRecord } from './record.js';
import type { Snapshot, Version } from '../../vfs/vfs.js';

/** Why a lock may be taken over. */
export type StaleReason = 'expired' | 'dead-process' | 'unreadable';

/** Who judges, and by what. */
export interface StalenessPolicy {
  /** How long an unreadable lock is respected, in milliseconds: the judge's own lease. */
  readonly ttlMs: number;
  readonly ownerId: string;
  /** How much the store's time stamps may be off, in milliseconds. */
  readonly resolutionMs: number;
}

/** What one look at a lock file says. */
export interface LockObservation {
  readonly version: Version;
  /** Undefined: the content is no record, so somebody unknown holds the lock. */
  readonly record: LockRecord | undefined;
  readonly state: 'free' | 'held' | 'stale';
  readonly reason: StaleReason | undefined;
  /** Milliseconds since the last write; a lower bound where the store's clock was not asked or cannot be used. */
  readonly idleMs: number;
  /** Milliseconds until the lock goes stale unless it is renewed; Infinity when it never does. */
  readonly staleInMs: number;
}

/**
 * One party's view of one lock over time. How old a version is when first seen goes by the store's clock alone (nothing where
 * that tells no time, or puts the modification into its future); from then on it ages by how long it is seen unchanged.
 */
export class StalenessTracker {
  readonly #judge: StalenessPolicy;
  #version: Version | undefined;
  #seenMs = 0;
  #idleWhenSeenMs = 0;

  constructor(judge: StalenessPolicy) {
    this.#judge = judge;
  }

  /** Whether the store has to be asked for its time: later looks count on from the first by this process's own clock. */
  get needsClock(): boolean {
    return this.#version === undefined;
  }

  observe(snapshot: Snapshot): LockObservation {
    const record = decodeRecord(snapshot.data);
    const idleMs = this.#idleMs(snapshot);
    const staleInMs = this.#allowanceMs(record) - idleMs;
    const reason = record?.released ? undefined : staleReason(record, staleInMs);
    const state = record?.released ? 'free' : reason === undefined ? 'held' : 'stale';
    return { version: snapshot.version, record, state, reason, idleMs, staleInMs };
  }

  #idleMs({ version, nowMs, modifiedMs }: Snapshot): number {
    const now = performance.now();
    const told = nowMs !== undefined && nowMs >= modifiedMs;
    if (told || version !== this.#version) {
      this.#version = version;
      this.#seenMs = now;
      this.#idleWhenSeenMs = told ? nowMs - modifiedMs : 0;
    }
    return this.#idleWhenSeenMs + (now - this.#seenMs);
  }

  #allowanceMs(record: LockRecord | undefined): number {
    if (record === undefined) return this.#judge.ttlMs + this.#judge.resolutionMs;
    const own = record.ownerId !== '' && record.ownerId === this.#judge.ownerId;
    return record.leaseMs + (own ? 0 : record.graceMs) + this.#judge.resolutionMs;
  }
}

function staleReason(record: LockRecord | undefined, staleInMs: number): StaleReason | undefined {
  if (record !== undefined && isProvablyGone(record)) return 'dead-process';
  if (staleInMs >= 0) return undefined;
  return record === undefined ? 'unreadable' : 'expired';
}
