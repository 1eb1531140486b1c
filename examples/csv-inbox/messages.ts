import type { StaleReason } from 'vfs-lockfile';

import type { LateWrite } from './summary-file.js';

/** How a worker took over the stale lock of another worker. */
export interface Takeover {
  readonly reason: StaleReason;
  /** The process that held the lock. */
  readonly pid: number;
  /** How many milliseconds of the previous lease were left. */
  readonly leaseLeftMs: number;
  /** How many rows of unfinished work were discarded. */
  readonly discardedRows: number;
}

/** What a worker sends to its parent process. */
export type WorkerMessage =
  | { readonly kind: 'claimed'; readonly file: string }
  | { readonly kind: 'taken-over'; readonly file: string; readonly takeover: Takeover }
  | { readonly kind: 'progress'; readonly file: string; readonly rows: number }
  | { readonly kind: 'archived'; readonly file: string; readonly ms: number }
  /** Another worker holds the lock of the file. */
  | { readonly kind: 'skipped'; readonly file: string }
  /** The worker had to wait for the database. */
  | { readonly kind: 'waited'; readonly ms: number }
  /** The worker has the lock of the summary, and waits for `WRITE`. */
  | { readonly kind: 'summarising' }
  /** The worker was too late to write the summary. */
  | { readonly kind: 'refused'; readonly late: LateWrite };

/** What the parent process sends to a worker that has the lock of the summary: the worker may write it now. */
export const WRITE = 'write';

export type SendMessage = (message: WorkerMessage) => void;
