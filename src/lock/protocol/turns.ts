import { monotonicMs } from '../../util/time.js';

/**
 * A process may take a lock again this often, and for this long, before others go first. To wake another process takes much longer
 * than to take a lock, so that a crowd gets on faster with a few turns each. The longest wait grows by as much as the turns.
 */
const TURNS = { most: 3, mostMs: 10 };

/** A process that asks for a lock this soon after its own release gave no waiter the time to take it. */
export const AGAIN_MS = 1;

/** Whether a process that took a lock `count` times in a row, the first time at `sinceMs`, may take it once more. */
export function hasTurnsLeft(count: number, sinceMs: number): boolean {
  return count < TURNS.most && monotonicMs() - sinceMs < TURNS.mostMs;
}
