/** How the command line ends when it is not COMMAND's own exit code that it passes on. Kept for good: scripts depend on it. */
export const EXIT = {
  usage: 64,
  failed: 74,
  held: 75,
  timedOut: 79,
  lost: 80,
  notExecutable: 126,
  notFound: 127,
} as const;

/** How `status` ends when it could tell. */
export const STATUS_EXIT = { free: 0, held: 1, stale: 2, unreadable: 3 } as const;
