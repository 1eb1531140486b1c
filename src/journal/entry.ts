import type { LockEventName } from '../lock/model/events.js';

/** The holder that a stale lock was taken over from, as far as its record could be read. */
export interface StolenFrom {
  /** Its acquisition. Empty: unknown. */
  readonly lockId: string;
  /** Its own name for itself. */
  readonly ownerId: string;
  /** Its host. */
  readonly hostname: string;
  /** Its process on that host; 0: unknown. */
  readonly pid: number;
}

/** One line of a journal: what happened to one lock. Do not trust its texts: whoever can write the journal wrote them. */
export interface HistoryEntry {
  /** When it happened, by the clock of the host that wrote it. */
  readonly at: Date;
  /** What happened, by the names of the library's events. */
  readonly event: LockEventName;
  /** The display path of the lock file. */
  readonly lock: string;
  /** Identifies the acquisition, from its first `wait` to its `release`. */
  readonly lockId: string;
  /** The holder's own name for itself; of `force-release`, that of the holder whose lock was ended. */
  readonly ownerId: string;
  /** The host that wrote the line. */
  readonly hostname: string;
  /** The process that wrote the line. */
  readonly pid: number;
  /** The user of the operating system that wrote the line. */
  readonly user: string;
  /** In milliseconds: of `wait`, `acquire`, `timeout` and `fail` how long it waited, of `lost` and `release` how long it was held. */
  readonly durationMs: number;
  /** How many tries or renewals there were. */
  readonly attempt: number;
  /** Why; one of a few words, or a sentence. */
  readonly reason: string;
  /** Who ended the lock of somebody else; `force-release` only. */
  readonly by: string | undefined;
  /** The message of the error, where something failed. */
  readonly error: string | undefined;
  /** The command that runs under the lock; `acquire` only, where the holder said so. */
  readonly command: readonly string[] | undefined;
  /** The number that grows with every acquisition of this lock, as decimal text; `acquire` only. */
  readonly fencingToken: string | undefined;
  /** Whose stale lock was taken over; `steal` only. */
  readonly from: StolenFrom | undefined;
  /** How many lines before this one the writer could not write. */
  readonly dropped: number;
}

/** The version of the format that is written, and the only one that is read. */
export const SCHEMA = 1;
