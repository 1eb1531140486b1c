/**
 * The line of those who wait for one lock file, over all processes of a machine, as one of them sees it. Only fairness and cost
 * depend on it, never exclusion: anybody may take a free lock without standing in the line.
 */
export interface WaitingLine {
  /** Whether somebody stands in it, as far as one check shows. */
  readonly isOccupied: boolean;
  /** Whether the lock file is there, so that the lock is probably taken. */
  readonly isTaken: boolean;
  /** Joins the line at the end, or stays in it. Returns how many are before this caller; 0 also where it cannot join. */
  join(): number;
  /** Calls `onChange` once, soon after the one right before this caller left. Returns a function that ends this; undefined: nobody is before. */
  watch(onChange: () => void): (() => void) | undefined;
  /** Sends all away who are before this caller: they did not take a free lock when they should have. They may come back. */
  overtake(): void;
  /** Leaves the line, so that the next one in it takes the lock. Does nothing outside it. */
  leave(): void;
}
