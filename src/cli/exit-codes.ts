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

/** How `doctor` ends when it could tell. */
export const DOCTOR_EXIT = { safe: 0, unsafe: 1, unproved: 2 } as const;

/** How `unlock` ends when nothing was changed: it is another lock by now, or none. */
export const NOT_THAT_LOCK = 1;

/** How `status` ends when it could tell. */
export const STATUS_EXIT = { free: 0, held: 1, stale: 2, unreadable: 3 } as const;
