import type { Host } from '../node/host.js';
import type * as library from '../node/library.js';

/** The real library, as `node/library.ts` bundles it. */
export type Library = typeof library;

declare global {
  /** Loads another copy of the library, as another process does: the bundle is a function. */
  const loadLibrary: (host: Host) => Library;
}
