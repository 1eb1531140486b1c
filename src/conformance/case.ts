import type { Vfs } from '../vfs.js';

/** A store to try, empty below `folder`, and how to be rid of it. */
export interface VfsUnderTest {
  readonly vfs: Vfs;
  /** An existing folder that the cases have to themselves. Default: the root. */
  readonly folder?: string;
  dispose(): Promise<void>;
}

export type MakeVfs = () => Promise<VfsUnderTest>;

/** One sentence about the behaviour of every `Vfs`, and how to find out whether it holds. */
export interface ConformanceCase {
  readonly name: string;
  /** Rejects when the store behaves otherwise. */
  run(): Promise<void>;
}
