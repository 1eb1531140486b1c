import { monotonicMs } from '../../util/time.js';
import { isProvablyGone } from './process.js';
import type { ForeignLock, LockContent } from './foreign.js';
import type { LockRecord } from './record.js';
import { lastSighting, rememberSighting } from './sightings.js';
import type { Snapshot, Version } from '../../vfs/vfs.js';

/**
 * Why a lock may be taken over: its lease and grace have ended, its process on this host has ended, or its file is empty or
 * holds an incomplete record, and has not changed for a whole lease.
 */
export type StaleReason = 'expired' | 'dead-process' | 'unreadable';

/** By what a reader decides whether a lock is stale. */
export interface StalenessPolicy {
  /** How long an empty or incomplete lock file is respected, in milliseconds: the reader's own lease. */
  readonly ttlMs: number;
  /** The reader's own `ownerId`, which need not wait for a grace period of its own. */
  readonly ownerId: string;
  /** How much the store's time stamps may be off, in milliseconds. */
  readonly resolutionMs: number;
}

/** What a lock file says, and which version of it says so. */
export interface LockFile extends Pick<Snapshot, 'data' | 'modifiedMs' | 'nowMs' | 'isOnOwnDisk'>, LockContent {
  readonly version: Version;
}

/** A lock file, and the state that its lock was in when it was read. */
export interface LockObservation extends LockFile {
  /** `'foreign'`: what stands there belongs to another program, and no time makes it a lock that may be taken over. */
  readonly state: 'free' | 'held' | 'stale' | 'foreign';
  readonly reason: StaleReason | undefined;
  /** Milliseconds since the last write; a lower bound where the store's clock was not asked or cannot be used. */
  readonly idleMs: number;
  /** Milliseconds until the lock goes stale unless it is renewed; Infinity when it never does. */
  readonly staleInMs: number;
}

/** The least time for which another program's folder is respected. `proper-lockfile` touches its own every 5 s by default. */
const FOLDER_TTL_MS = 30_000;

/**
 * One reader's view of one lock over time, which goes on from what earlier readers in this process have seen. The age of a version that is seen for the first time comes from the store's clock,
 * and is 0 where the store has none or puts the modification into its future. From then on the version ages on this process's
 * own clock, for as long as it stays unchanged.
 */
export class StalenessTracker {
  readonly #policy: StalenessPolicy;
  readonly #key: string;
  #needsClock = true;

  /** `key`: of the lock, from `lockKey`. */
  constructor(key: string, policy: StalenessPolicy) {
    this.#key = key;
    this.#policy = policy;
  }

  /** Whether the next read has to ask for the store's time: only the first one does. */
  get needsClock(): boolean {
    return this.#needsClock;
  }

  /** Records that there is no lock file. */
  observeAbsence(): void {
    rememberSighting(this.#key, undefined);
  }

  observe(file: LockFile): LockObservation {
    const { record, foreign } = file;
    const idleMs = this.#idleMs(file);
    if (foreign) return { ...file, ...this.#observeForeign(foreign, idleMs), reason: undefined, idleMs };
    const staleInMs = this.#allowanceMs(record) - idleMs;
    const reason = record?.released ? undefined : staleReason(file, staleInMs);
    const state = record?.released ? 'free' : reason === undefined ? 'held' : 'stale';
    return { ...file, state, reason, idleMs, staleInMs };
  }

  /** Whoever holds a lock by a folder touches that every few seconds. */
  #observeForeign({ kind }: ForeignLock, idleMs: number): Pick<LockObservation, 'state' | 'staleInMs'> {
    if (kind === 'file') return { state: 'foreign', staleInMs: Infinity };
    const { ttlMs, resolutionMs } = this.#policy;
    const staleInMs = Math.max(ttlMs, FOLDER_TTL_MS) + resolutionMs - idleMs;
    return { state: staleInMs >= 0 ? 'held' : 'foreign', staleInMs };
  }

  #idleMs({ version, nowMs, modifiedMs }: LockFile): number {
    const now = monotonicMs();
    const timed = nowMs !== undefined && nowMs >= modifiedMs;
    let sighting = lastSighting(this.#key);
    if (timed || sighting?.version !== version || sighting.modifiedMs !== modifiedMs) {
      sighting = { version, modifiedMs, seenMs: now, idleWhenSeenMs: timed ? nowMs - modifiedMs : 0 };
    }
    this.#needsClock = false;
    rememberSighting(this.#key, sighting);
    return sighting.idleWhenSeenMs + (now - sighting.seenMs);
  }

  #allowanceMs(record: LockRecord | undefined): number {
    const { ttlMs, ownerId, resolutionMs } = this.#policy;
    if (record === undefined) return ttlMs + resolutionMs;
    const own = record.ownerId !== '' && record.ownerId === ownerId;
    return record.leaseMs + (own ? 0 : record.graceMs) + resolutionMs;
  }
}

function staleReason({ record, isOnOwnDisk }: LockFile, staleInMs: number): StaleReason | undefined {
  if (record !== undefined && isProvablyGone(record, isOnOwnDisk)) return 'dead-process';
  if (staleInMs >= 0) return undefined;
  return record === undefined ? 'unreadable' : 'expired';
}
