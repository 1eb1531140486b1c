import { wallMs } from '../util/time.js';
import { performance } from 'node:perf_hooks';
import { hostname } from 'node:os';

import type { LockEvent, LockEventName } from '../lock/model/events.js';
import type { Reclaimed } from '../lock/model/holder.js';
import { RecentMap } from '../util/recent-map.js';
import { userName } from '../util/user-name.js';
import type { HistoryEntry, StolenFrom } from './entry.js';

/** Events that come again and again while nothing changes. The first one of each kind is kept, and then one now and then. */
const REPEATED: Readonly<Partial<Record<LockEventName, (event: LockEvent) => string>>> = {
  wait: ({ lockId }) => lockId,
  renew: ({ lockId, reason }) => `${lockId} ${reason}`,
  // A worker asks for every file of its inbox in turn, each time as a new acquisition.
  timeout: ({ path, reason }) => `${path} ${reason}`,
};

/** Makes entries of events. */
export class Recorder {
  readonly #everyMs: number;
  readonly #recorded = new RecentMap<number>();
  readonly #writer = { hostname: hostname(), pid: process.pid, user: userName() };

  /** Of events that repeat, one in `everyMs` is recorded. */
  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  /** Undefined: this event is not recorded. */
  entryOf(name: LockEventName, event: LockEvent, lock: string): HistoryEntry | undefined {
    if (!this.#isDue(name, event)) return undefined;
    const { lockId, ownerId, attempt, reason, by, error, record, reclaimed } = event;
    return {
      ...{ at: new Date(wallMs()), event: name, lock, lockId, ownerId, ...this.#writer },
      durationMs: Math.round(event.durationMs * 1000) / 1000,
      ...{ attempt, reason, by, error: error === undefined ? undefined : messageOf(error) },
      command: record && record.command.length > 0 ? record.command : undefined,
      fencingToken: record?.fencingToken === '' ? undefined : record?.fencingToken,
      from: reclaimed && stolenFrom(reclaimed),
      dropped: 0,
    };
  }

  #isDue(name: LockEventName, event: LockEvent): boolean {
    // The acquisition itself is the first sign of life.
    if (name === 'acquire') this.#recorded.set(`renew ${event.lockId} renewed`, performance.now());
    const key = REPEATED[name]?.(event);
    if (key === undefined) return true;
    const nowMs = performance.now();
    const beforeMs = this.#recorded.get(`${name} ${key}`);
    if (beforeMs !== undefined && nowMs - beforeMs < this.#everyMs) return false;
    this.#recorded.set(`${name} ${key}`, nowMs);
    return true;
  }
}

function stolenFrom({ lockId = '', ownerId = '', hostname: host = '', pid = 0 }: Reclaimed): StolenFrom {
  return { lockId, ownerId, hostname: host, pid };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
