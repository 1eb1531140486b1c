import { run } from '../util/steps.js';
import { now } from '../util/instant.js';
import { VfsError } from '../vfs/errors.js';
import type { VfsFile } from '../vfs/file.js';
import type { CallOptions } from '../vfs/vfs.js';
import type { ResolvedAcquireOptions } from './model/acquire-options.js';
import { waitFor } from './protocol/acquire.js';
import { Acquisition } from './protocol/acquisition.js';
import { Contender } from './protocol/contender.js';
import { Lease } from './protocol/lease.js';
import { SentRecords } from './protocol/sent-records.js';
import { about } from './protocol/report.js';
import { lockTarget, type LockTarget } from './protocol/target.js';
import { publish, type LockEventName } from './model/events.js';
import { lockPathOf } from './model/lock-path.js';
import type { Reclaimed } from './model/holder.js';
import { resolveLockOptions, type LockOptions } from './model/options.js';
import type { ProcessIdentity } from './model/process.js';
import { LockReader } from './model/reader.js';
import type { LockRecord } from './model/record.js';
import type { LockObservation } from './model/staleness.js';

/** How a detached lock is held: its holder is known by what it says of itself. */
export interface DetachedOptions extends Pick<
  LockOptions,
  'ttl' | 'ownerId' | 'grace' | 'note' | 'pid' | 'user' | 'tool' | 'fencing'
> {
  /** The holder's host, in its own words. Only without `pid`, which is a process of this host. */
  readonly hostname?: string | undefined;
}

/** A detached lock that was just acquired or renewed. */
export interface DetachedLease {
  readonly record: LockRecord;
  /** Milliseconds until it is lost unless it is renewed, counted from before the write. */
  readonly remainingMs: number;
}

/** Decides whether a record is that of the caller. */
export type IsOurs = (record: LockRecord) => boolean;

/** More attempts than any caller's own concurrent requests can spoil. */
const MOST_TRIES = 8;

/** How long an empty or incomplete lock file is respected, in milliseconds. */
const RESPECT_MS = 30_000;

/**
 * The lock of one file for a holder outside this process, as behind a service: everything that is known of it is in the store, so
 * that another process can renew and release it. It does not end with any process, and nothing renews it in the background.
 */
export class DetachedLock {
  readonly #target: LockTarget;

  /** Does no I/O. Throws as the constructor of `Lockfile` does. */
  constructor(file: VfsFile, options: Pick<LockOptions, 'lockPath'> = {}) {
    this.#target = lockTarget(file.vfs, file.vfs, lockPathOf(file, options.lockPath));
  }

  /** The display path of the lock file. */
  get path(): string {
    return this.#target.displayPath;
  }

  /** Waits for the lock as `Lockfile.acquire` does, and throws what that throws. */
  async acquire(
    { hostname = '', ...options }: DetachedOptions,
    wait: Pick<ResolvedAcquireOptions, 'waitMs' | 'announce' | 'signal'>,
  ): Promise<DetachedLease & { readonly reclaimed: Reclaimed | undefined }> {
    const holder = options.pid === undefined ? { ...NO_PROCESS, hostname } : undefined;
    const resolved = { ...resolveLockOptions({ ...options, renew: false }), holder };
    const acquisition = new Acquisition();
    try {
      const held = await waitFor(new Contender(this.#target, resolved), wait, acquisition);
      const { record, remainingMs } = held.detach();
      return { record, remainingMs, reclaimed: held.reclaimed };
    } finally {
      acquisition.end();
    }
  }

  /** Reads the lock. Undefined: there is no lock file. `ownerId` need not wait for a grace period of its own. */
  observe(options: CallOptions = {}, ownerId = ''): Promise<LockObservation | undefined> {
    const { vfs, path, queueKey: key, resolutionMs } = this.#target;
    return run(new LockReader(vfs, { path, key }, { ttlMs: RESPECT_MS, ownerId, resolutionMs }).observe(options));
  }

  /**
   * Renews the lock, by default for as long as before, if `isOurs` says so of its record; else returns undefined and changes nothing.
   * A lock whose lease has ended is renewed as well while nobody has taken it over. `progress` is written along with it.
   */
  async renew(
    isOurs: IsOurs,
    ttlMs?: number,
    { progress, ...options }: CallOptions & { readonly progress?: unknown } = {},
  ): Promise<DetachedLease | undefined> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const lease = await this.#leaseOf(isOurs, ttlMs, options);
      if (lease === undefined) return undefined;
      if (progress !== undefined) lease.report(progress);
      // Lost may mean that another request of the same holder was faster: only a read tells.
      const startedMs = performance.now();
      if ((await run(lease.renew(options))) === undefined) {
        this.#report('renew', 'renewed', lease.record, performance.now() - startedMs);
        return { record: lease.record, remainingMs: lease.remainingMs };
      }
    }
    throw this.#unsettled('renew');
  }

  /** Releases the lock if `isOurs` says so of its record. Returns that record; undefined: nothing was changed. */
  async release(isOurs: IsOurs, options: CallOptions = {}): Promise<LockRecord | undefined> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const lease = await this.#leaseOf(isOurs, undefined, options);
      if (lease === undefined) return undefined;
      const { record } = lease;
      if ((await run(lease.release(options))) !== undefined) continue;
      this.#report('release', 'released', record, Math.max(0, Date.now() - Number(record.createdAt ?? Date.now())));
      return record;
    }
    throw this.#unsettled('release');
  }

  async #leaseOf(isOurs: IsOurs, ttlMs: number | undefined, options: CallOptions): Promise<Lease | undefined> {
    const found = await this.observe(options);
    const { record } = found ?? {};
    if (found === undefined || record === undefined || record.released || !isOurs(record)) return undefined;
    const sent = new SentRecords();
    sent.add(record);
    return new Lease(this.#target, sent, { ...record, leaseMs: ttlMs ?? record.leaseMs }, found.version, now());
  }

  #report(name: LockEventName, reason: string, record: LockRecord, durationMs: number): void {
    publish(name, () => ({ ...about(this.#target, record), attempt: record.renewals, durationMs, reason }));
  }

  #unsettled(verb: string): VfsError {
    const message = `cannot ${verb} ${this.path}: it changed ${String(MOST_TRIES)} times meanwhile`;
    return new VfsError('ERR_VFS_IO', message);
  }
}

const NO_PROCESS: ProcessIdentity = {
  hostname: '',
  pid: 0,
  bootId: '',
  machineId: '',
  processStart: '',
  namespace: '',
};
