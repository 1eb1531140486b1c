/** Where in the inbox a file goes once it is summarised. */
export const ARCHIVE = 'archive/';

/** The lease of a lock on a file, in milliseconds. It is renewed while its worker lives. */
export const LEASE_MS = 60_000;

/** How many rows a worker takes in before it stages their figures in the ledger. */
export const BATCH_ROWS = 20_000;

/** How many rows into the large file its first worker is killed. */
export const KILL_AT_ROWS = 200_000;

/** How long a worker pauses when all files left are in other hands, in milliseconds. */
export const PAUSE_MS = 100;
