/** The folder inside the inbox that a file is moved to once it is summarised. */
export const ARCHIVE = 'archive/';

/** How long the lock on a file is valid without a renewal, in milliseconds. A live worker keeps renewing it. */
export const LEASE_MS = 60_000;

/** The file in the inbox that the figures of all files are written to. */
export const SUMMARY = 'summary.json';

/** How long its lock is valid without a renewal, in milliseconds. */
export const SUMMARY_LEASE_MS = 2000;

/** How many rows a worker reads before it stores a summary of them in the ledger. */
export const BATCH_ROWS = 20_000;

/** How long a worker pauses when other workers hold all remaining files, in milliseconds. */
export const PAUSE_MS = 100;
