/** The lock under which a file is committed. */
export interface CommitLock {
  /** The path of the lock file, in the same store. */
  readonly path: string;
  /** How many bytes of the lock file are read at most: a longer file is no lock of this library. */
  readonly maxBytes: number;
  /** Whether this content of the lock file says that the lock is held by the caller. */
  readonly isOurs: (content: Uint8Array) => boolean;
  /** The fencing token of the caller. */
  readonly token: bigint;
}

/** How a commit ended. */
export interface CommitOutcome {
  /** False: the lock is not the caller's any more, or a higher token has written the file. Nothing was changed. */
  readonly isCommitted: boolean;
  /** The higher token that the file carries, where it carries one. */
  readonly token?: bigint | undefined;
}
