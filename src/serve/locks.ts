import { DetachedLock, type DetachedLease, type DetachedOptions, type IsOurs } from '../lock/detached.js';
import { LockHeldError, LockTimeoutError, type LockContention } from '../lock/model/errors.js';
import type { Reclaimed } from '../lock/model/holder.js';
import type { LockRecord } from '../lock/model/record.js';
import { inspect, type Inspection, type InspectOptions } from '../lock/inspect.js';
import { VfsError } from '../vfs/errors.js';
import { VfsFile } from '../vfs/file.js';
import { pathIn, type Folder } from '../vfs/path.js';
import { ServiceError } from './errors.js';
import { refuseEscape } from './escape.js';
import type { LockCounts, Waits } from './limits.js';
import { checkName } from './names.js';

/** Who holds a lock, in the words of a dialect. Only the same identity renews and releases it. */
export interface Identity {
  readonly dialect: 'v1' | 'foolock' | 'octostore' | 'justalock';
  /** Distinguishes the clients of a dialect. */
  readonly client: string;
  /** The name of the token; empty: none. */
  readonly by: string;
}

/** What to acquire, and for whom. */
export interface Claim {
  readonly name: string;
  readonly identity: Identity;
  readonly options: DetachedOptions & { readonly ttl: number };
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

export type Claimed =
  | { readonly outcome: 'acquired'; readonly lease: DetachedLease; readonly reclaimed: Reclaimed | undefined }
  | { readonly outcome: 'renewed'; readonly lease: DetachedLease }
  | { readonly outcome: 'held'; readonly contention: LockContention };

/** How often a holder's own requests may meet one another. */
const MOST_TRIES = 4;

/** Takes, renews and releases the locks of one folder for clients. All that counts of them is in their records. */
export class ServiceLocks {
  readonly folder: Folder;
  readonly #waits: Waits;
  readonly #counts: LockCounts;
  /** The requests that wait, by lock and identity: a client that asks again has given up its first request. */
  readonly #waiting = new Map<string, AbortController>();

  constructor(folder: Folder, waits: Waits, counts: LockCounts) {
    this.folder = folder;
    this.#waits = waits;
    this.#counts = counts;
  }

  /** The file that a name stands for. Throws unless it is in the folder of the service. */
  fileOf(name: string): VfsFile {
    const path = pathIn(this.folder, checkName(name));
    if (name.includes('/')) refuseEscape(this.folder, path);
    return new VfsFile(this.folder.vfs, path);
  }

  /** Takes a lock for whoever asks. A client that holds it already gets it for a whole `ttl` again. */
  async claim(claim: Claim): Promise<Claimed> {
    const { name, identity } = claim;
    const lock = new DetachedLock(this.fileOf(name));
    return this.#counts.during(identity.by, name, () => this.#claim(lock, claim));
  }

  async #claim(lock: DetachedLock, claim: Claim): Promise<Claimed> {
    const { name, identity, waitMs } = claim;
    if (waitMs === 0) return this.#claimNow(lock, claim);
    const key = JSON.stringify([name, identity]);
    this.#waiting.get(key)?.abort(new ServiceError('held', 'the same client has asked again'));
    const controller = new AbortController();
    this.#waiting.set(key, controller);
    try {
      // It takes no time to speak of, so it is finished even if the client asks again: it may have renewed the lock.
      const first = await this.#claimNow(lock, claim);
      if (first.outcome !== 'held') return first;
      const signal = AbortSignal.any([claim.signal, controller.signal]);
      const waiting = (): Promise<Claimed> => this.#tryFor(lock, { ...claim, signal }, waitMs);
      return await this.#waits.during(name, () => waiting().catch(heldIfSilent(first, controller.signal)));
    } finally {
      if (this.#waiting.get(key) === controller) this.#waiting.delete(key);
    }
  }

  /** Renews a lock; undefined: it is not that of `isOurs` any more. */
  async renew(
    name: string,
    isOurs: IsOurs,
    ttlMs: number | undefined,
    signal: AbortSignal,
  ): Promise<DetachedLease | undefined> {
    const lease = await new DetachedLock(this.fileOf(name)).renew(isOurs, ttlMs, { signal });
    if (lease) this.#counts.renewed(tokenOf(lease.record), name, lease.record);
    return lease;
  }

  /** Releases a lock; undefined: it is not that of `isOurs` any more. A release that has begun is finished. */
  async release(name: string, isOurs: IsOurs): Promise<LockRecord | undefined> {
    const record = await new DetachedLock(this.fileOf(name)).release(isOurs);
    if (record) this.#counts.released(tokenOf(record), name);
    return record;
  }

  inspect(name: string, options: Pick<InspectOptions, 'signal' | 'waiters'>): Promise<Inspection> {
    return inspect(this.fileOf(name), options);
  }

  #claimNow(lock: DetachedLock, claim: Claim): Promise<Claimed> {
    return this.#tryFor(lock, claim, 0);
  }

  async #tryFor(lock: DetachedLock, { identity, options, signal }: Claim, waitMs: number): Promise<Claimed> {
    const signed = { ...options, note: { ...options.note, http: { ...identity } } };
    const isOurs: IsOurs = (record) => isOf(record, identity);
    for (let tries = 1; ; tries += 1) {
      const done = await acquire(lock, signed, waitMs, signal);
      if (done.outcome !== 'held' || tries === MOST_TRIES) return done;
      const { record } = done.contention;
      if (record === undefined || !isOurs(record)) return done;
      const lease = await lock.renew(isOurs, options.ttl, { signal });
      if (lease) return { outcome: 'renewed', lease };
    }
  }
}

async function acquire(
  lock: DetachedLock,
  options: DetachedOptions,
  waitMs: number,
  signal: AbortSignal,
): Promise<Claimed> {
  try {
    const { reclaimed, ...lease } = await lock.acquire(options, { waitMs, signal });
    return { outcome: 'acquired', lease, reclaimed };
  } catch (error) {
    if (error instanceof LockHeldError || error instanceof LockTimeoutError) {
      return { outcome: 'held', contention: error };
    }
    throw error;
  }
}

/**
 * What became of a caller that failed while it waited. A store that gives no answer leaves what the first try has found: somebody
 * else holds the lock. A store that was interrupted because the client asked again says only that it was.
 */
function heldIfSilent(first: Claimed, askedAgain: AbortSignal): (error: unknown) => Claimed {
  return (error) => {
    if (error instanceof VfsError && error.code === 'ERR_VFS_TIMEOUT' && error.effect === 'none') return first;
    throw askedAgain.aborted ? askedAgain.reason : error;
  };
}

/** Whether a record was written for this identity. */
export function isOf({ note }: Pick<LockRecord, 'note'>, { dialect, client, by }: Identity): boolean {
  const http = note?.http as Partial<Identity> | undefined;
  return typeof http === 'object' && http.dialect === dialect && http.client === client && http.by === by;
}

/** The name of the token that took a lock. */
function tokenOf({ note }: Pick<LockRecord, 'note'>): string {
  return (note?.http as Identity | undefined)?.by ?? '';
}

/** When it makes sense to ask again for a lock that is held. */
export function retryAfterMs({ expiresInMs = Infinity }: Pick<LockContention, 'expiresInMs'>): number {
  return Math.round(Math.min(Math.max(expiresInMs, 100), 2000));
}
