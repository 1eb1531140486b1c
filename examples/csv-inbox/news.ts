import type { StaleReason } from 'vfs-lockfile';

/** How a file came to a worker from another one's stale lock. */
export interface Takeover {
  readonly reason: StaleReason;
  /** The process whose lock it was. */
  readonly pid: number;
  /** For how many milliseconds the other one's lease would still have kept everybody off. */
  readonly leaseLeftMs: number;
  /** How many rows of unfinished work were cleared away. */
  readonly discardedRows: number;
}

/** What a worker tells its parent while it works. */
export type News =
  | { readonly kind: 'claimed'; readonly file: string }
  | { readonly kind: 'taken-over'; readonly file: string; readonly takeover: Takeover }
  | { readonly kind: 'progress'; readonly file: string; readonly rows: number }
  | { readonly kind: 'archived'; readonly file: string; readonly ms: number }
  /** The file was somebody else's. */
  | { readonly kind: 'passed-over'; readonly file: string }
  /** The worker had to wait for its turn at the ledger. */
  | { readonly kind: 'waited'; readonly ms: number };

export type Tell = (news: News) => void;
