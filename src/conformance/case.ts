import type { Vfs } from '../vfs/vfs.js';

/** A store for one case, and how to remove it. */
export interface VfsUnderTest {
  /** The store. */
  readonly vfs: Vfs;
  /** More clients of the same store, such as other connections or threads. Races run between all of them. */
  readonly rivals?: readonly Vfs[] | undefined;
  /**
   * An existing, empty folder that only this case uses.
   * @default the root
   */
  readonly folder?: string | undefined;
  /** Called once at the end of the case, also if that failed. A rejection fails the case, so check here that nothing was left behind. */
  dispose(): Promise<void>;
}

/** Creates a store. It is called once for each case. */
export type MakeVfs = () => Promise<VfsUnderTest>;

/** Options of `conformance`. */
export interface ConformanceOptions {
  /**
   * How often each race is run.
   * @default 50
   */
  readonly rounds?: number | undefined;
  /**
   * How long to wait for something that the store does by itself, such as notifying a watcher, in milliseconds.
   * @default 20000
   */
  readonly patienceMs?: number | undefined;
}

/** The context that vitest and node:test pass to each test. It is used to skip a case that does not apply. */
export interface SkipContext {
  /** Skips the test, with the reason. */
  readonly skip: (reason: string) => unknown;
}

/** One rule that every `Vfs` must follow, and a test of it. */
export interface ConformanceCase {
  /** The rule as a sentence, for use as the name of a test. */
  readonly name: string;
  /** What the store must be capable of for this case to apply, in words. Undefined: nothing in particular. */
  readonly needs: string | undefined;
  /**
   * Runs the test, and rejects if the store does not follow the rule. If the store lacks what the case `needs`, `skip` of the
   * context is called with the reason. Without a context it rejects in that case too, so that no case passes untested.
   */
  readonly run: (...context: readonly [SkipContext?, ...unknown[]]) => Promise<void>;
}
