import type { Vfs } from '../vfs/vfs.js';

/** A store to try, and how to be rid of it. */
export interface VfsUnderTest {
  readonly vfs: Vfs;
  /** More ways into the same store, such as connections of their own or other threads: races run between all of them. */
  readonly rivals?: readonly Vfs[];
  /** An existing, empty folder that the case has to itself. Default: the root. */
  readonly folder?: string;
  /** Called once, whatever happened. To reject is to fail the case, so this is the place to look for what was left behind. */
  dispose(): Promise<void>;
}

/** Called once a case. */
export type MakeVfs = () => Promise<VfsUnderTest>;

export interface ConformanceOptions {
  /** How often each race is run. Default 50. */
  readonly rounds?: number;
  /** How long to wait for what the store does by itself, such as telling a watcher, in milliseconds. Default 20,000. */
  readonly patienceMs?: number;
}

/** How a test runner is told that a case does not apply: the context that vitest and node:test hand to each test. */
export interface SkipContext {
  readonly skip: (reason: string) => unknown;
}

/** One sentence about the behaviour of every `Vfs`, and how to find out whether it holds. */
export interface ConformanceCase {
  readonly name: string;
  /** What the store has to be capable of for this case to apply, in words. Undefined: nothing in particular. */
  readonly needs: string | undefined;
  /**
   * Rejects when the store behaves otherwise. When it lacks what the case `needs`, `skip` of the context is called with
   * the reason; without a context it rejects then too, so that nothing passes that was not tried.
   */
  readonly run: (...context: readonly [SkipContext?, ...unknown[]]) => Promise<void>;
}
