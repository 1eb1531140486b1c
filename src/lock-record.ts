/** What a lock file says. All text in it was written by others: see `printable`. */
export interface LockRecord {
  /** When the lock was acquired, by its holder's clock; undefined where the file does not tell. */
  readonly createdAt: Date | undefined;
  /** Milliseconds that the lock lives from `createdAt`; Infinity: it never expires. */
  readonly ttlMs: number;
  /** Milliseconds that the lock lives from its last write; Infinity: it never expires. The ttl where the file has no lease. */
  readonly leaseMs: number;
  readonly hostname: string;
  readonly pid: number;
  readonly ownerId: string;
  readonly lockId: string;
  readonly nonce: string;
  readonly renewedAt: Date | undefined;
  readonly renewals: number;
  readonly bootId: string;
  readonly processStart: string;
  readonly namespace: string;
  readonly fencingToken: string;
  /** Milliseconds after its end in which only the same owner may take the lock back. */
  readonly graceMs: number;
  /** The holder's own remarks: plain JSON, at most 64 levels deep. */
  readonly note: Readonly<Record<string, unknown>> | undefined;
  /** Whether the lock is free and the file only remembers it. */
  readonly released: boolean;
}
