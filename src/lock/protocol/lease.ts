import { wallMs } from '../../util/time.js';
import { elapsedMs, now, sleptMs, type Instant } from '../../util/instant.js';
import { effectOf, VfsError } from '../../vfs/errors.js';
import type { Loss } from '../model/errors.js';
import { freshId } from '../../util/fresh-id.js';
import { readLock } from '../model/reader.js';
import { nextProgress } from '../model/progress.js';
import { encodeRecord, MAX_RECORD_BYTES, type LockRecord } from '../model/record.js';
import { renewedRecord } from './new-record.js';
import type { LockFile } from '../model/staleness.js';
import { ask, type Eventual, type Steps } from '../../util/steps.js';
import type { SentRecords } from './sent-records.js';
import type { LockStore, LockTarget } from './target.js';
import { rememberTombstone } from './tombstones.js';
import type { CallOptions, Version, Written } from '../../vfs/vfs.js';

/** More tries than a lock that is ours can need: each finds one more of our earlier writes, which came late. */
const MOST_TRIES = 4;

/** More than the members of a record grow by that renewals change. */
const GROWTH_BYTES = 512;

/** A lock that was acquired: its record and version, and the instant from which its lease counts. */
export class Lease {
  #target: LockTarget;
  readonly #sent: SentRecords;
  #record: LockRecord;
  #version: Version;
  #since: Instant;
  #changes: Partial<LockRecord> | undefined;
  /** What is left for a progress in a record that has none. */
  #roomBytes: number | undefined;

  /** `sent` is all that this acquisition sent, `record` and `version` what the store accepted, `since` when that was sent. */
  constructor(target: LockTarget, sent: SentRecords, record: LockRecord, version: Version, since: Instant) {
    this.#target = target;
    this.#sent = sent;
    this.#record = record;
    this.#version = version;
    this.#since = since;
  }

  get record(): LockRecord {
    return this.#record;
  }

  /** Milliseconds until the holder's own deadline, counted from before the last successful write was sent. */
  get remainingMs(): number {
    return this.#record.leaseMs - elapsedMs(this.#since);
  }

  /** How long the machine seems to have slept since then, in milliseconds. */
  get sleptMs(): number {
    return sleptMs(this.#since);
  }

  /** Sets members of the record that the next renewal writes. */
  change(changes: Partial<LockRecord>): void {
    this.#changes = { ...this.#changes, ...changes };
  }

  /** Sets the progress that the next renewal writes. Throws `ERR_LOCK_OPTION` when it cannot be written. */
  report(progress: unknown): void {
    const { progress: last, ...rest } = { ...this.#record, ...this.#changes };
    this.#roomBytes ??= MAX_RECORD_BYTES - GROWTH_BYTES - encodeRecord({ ...rest, progress: undefined }).length;
    this.change({ progress: nextProgress(last, progress, new Date(wallMs()), this.#roomBytes) });
  }

  /**
   * Writes the record again with a new nonce. Returns why the lock is lost, or undefined while it is ours. A refusal or failure
   * is believed only after a read: an SDK may have repeated a write that had succeeded, and then the file holds our nonce.
   */
  *renew(options: CallOptions): Steps<Loss | undefined> {
    const { store, path } = this.#target;
    if (this.#record.released) return { reason: 'removed' };
    for (let tries = 0; ; tries += 1) {
      const via = yield* ask(store.holderFolder?.(path, options));
      const since = now();
      const next = renewedRecord(this.#changes ? { ...this.#record, ...this.#changes } : this.#record, via);
      this.#sent.add(next);
      const how = { signal: options.signal, via };
      const sent = yield* attempt(() => store.replace(path, this.#version, encodeRecord(next), how));
      if (sent.answer) {
        this.#adopt(next, sent.answer.version, since);
        return undefined;
      }
      const found = yield* readLock(store, path, options);
      if (found === undefined) return { reason: 'removed' };
      const ours = this.#sent.find(found.data);
      // Somebody else may have released it by a tombstone; a renewal would undo that.
      if (ours === undefined || ours.released) return yield* this.#lossOf(found, options);
      if (ours === next) {
        this.#adopt(next, found.version, since);
        return undefined;
      }
      this.#version = found.version;
      if (sent.failure) throw sent.failure;
      if (tries === MOST_TRIES) throw unsettled('renew', path);
    }
  }

  /** Reads the lock file once. Returns why the lock was not ours any more, or undefined if it was. Changes nothing. */
  *confirm(options: CallOptions): Steps<Loss | undefined> {
    const found = yield* readLock(this.#target.store, this.#target.path, options);
    return found !== undefined && this.isOurs(found.data) ? undefined : yield* this.#lossOf(found, options);
  }

  /** Whether this content of the lock file, read a moment ago, says that the lock is ours. */
  isOurs(content: Uint8Array): boolean {
    return this.#sent.isOurs(content);
  }

  /** Releases the lock. Returns why it was not ours any more, and then nothing was changed. */
  *release(options: CallOptions): Steps<Loss | undefined> {
    const { store, path } = this.#target;
    let unanswered = false;
    for (let tries = 0; ; tries += 1) {
      const sent = yield* this.#free(options);
      if (sent.answer) {
        return undefined;
      }
      unanswered ||= sent.failure !== undefined;
      const found = yield* readLock(store, path, options);
      const ours = found && this.#sent.find(found.data);
      // An unanswered release of ours explains both that it is gone and that somebody else has it.
      if (found === undefined || ours === undefined)
        return unanswered ? undefined : yield* this.#lossOf(found, options);
      if (ours.released) return undefined;
      this.#version = found.version;
      if (sent.failure) throw sent.failure;
      if (tries === MOST_TRIES) throw unsettled('release', path);
    }
  }

  /** The same through another side of the store: a process that exits cannot wait. */
  *releaseBy(store: LockStore): Steps<Loss | undefined> {
    this.#target = { ...this.#target, store };
    return yield* this.release({});
  }

  /** A user who may write but not remove, as in a bucket with retention, leaves a tombstone. */
  *#free(options: CallOptions): Steps<Sent<Written | boolean | undefined>> {
    const { store, path, tombstone } = this.#target;
    // A removal would end the count of tokens.
    if (tombstone || this.#record.fencingToken !== '') return yield* this.#writeTombstone(options);
    try {
      return yield* attempt(() => store.remove(path, this.#version, options));
    } catch (denied) {
      if (!(denied instanceof VfsError) || denied.code !== 'ERR_VFS_DENIED') throw denied;
      try {
        return yield* this.#writeTombstone(options);
      } catch {
        throw denied;
      }
    }
  }

  *#writeTombstone(options: CallOptions): Steps<Sent<Written | undefined>> {
    const { store, path, queueKey } = this.#target;
    // A tombstone that names a holder's folder would make every later acquisition remove that folder first.
    const released = { ...this.#record, nonce: freshId(), via: '', released: true };
    this.#sent.add(released);
    const sent = yield* attempt(() => store.replace(path, this.#version, encodeRecord(released), options));
    if (sent.answer) rememberTombstone(queueKey, { record: released, version: sent.answer.version });
    return sent;
  }

  /** How the lock was lost in whose place `found` is. Removes a tombstone that was left for this holder only. */
  *#lossOf(found: LockFile | undefined, options: CallOptions): Steps<Loss> {
    const released = found?.record?.released ?? false;
    const reason = found === undefined || released ? 'removed' : 'stolen';
    const ended = found?.record?.ended;
    if (found === undefined || ended?.lockId !== this.#record.lockId) return { reason };
    if (released && !this.#target.tombstone && found.record?.fencingToken === '') yield* this.#discard(found, options);
    return { reason, ended };
  }

  *#discard({ version }: LockFile, options: CallOptions): Steps<void> {
    const { store, path } = this.#target;
    try {
      yield* ask(store.remove(path, version, options));
    } catch {
      // A sweep removes it later.
    }
  }

  #adopt(record: LockRecord, version: Version, since: Instant): void {
    this.#sent.settle(record);
    this.#record = record;
    this.#version = version;
    this.#since = since;
  }
}

/** What a conditional call answered, or the failure after which nobody knows whether it took effect. */
export interface Sent<T> {
  readonly answer?: T;
  readonly failure?: Error;
}

/** Makes a conditional call. Throws a failure that changed nothing; returns any other, to be settled by a read. */
export function* attempt<T>(call: () => Eventual<T>): Steps<Sent<T>> {
  try {
    return { answer: yield* ask(call()) };
  } catch (failure) {
    if (effectOf(failure) === 'none') throw failure;
    return { failure: failure instanceof Error ? failure : new Error(String(failure)) };
  }
}

function unsettled(verb: string, path: string): VfsError {
  return new VfsError(
    'ERR_VFS_IO',
    `cannot ${verb} ${path}: the store refuses every change to it, and says each time that it is still ours`,
  );
}
