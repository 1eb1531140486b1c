import type { Acquisition } from './acquisition.js';
import type { HeldLock } from './held-lock.js';

/** The locks that this process holds. */
export const heldLocks = new Set<HeldLock>();

/** The acquisitions of this process that are under way. */
export const acquisitions = new Set<Acquisition>();
