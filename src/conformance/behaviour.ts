import type { Vfs } from '../vfs/vfs.js';

/** Something that a store may lack. */
export interface Need {
  readonly words: string;
  readonly met: (vfs: Vfs) => boolean;
}

/** Where a behaviour is tried. */
export interface Arena {
  readonly vfs: Vfs;
  /** Every way into the store; the first is `vfs`. */
  readonly doors: readonly Vfs[];
  /** The folder that the case has to itself; `''` is the root. */
  readonly folder: string;
  readonly rounds: number;
  readonly patienceMs: number;
  /** A path below the folder. */
  readonly path: (name: string) => string;
}

export interface Behaviour {
  readonly name: string;
  readonly needs?: readonly Need[];
  readonly check: (arena: Arena) => Promise<void>;
}

export const CREATE: Need = need('a conditional create', ({ capabilities }) => capabilities.create !== 'none');
export const REPLACE: Need = need('a conditional replace', ({ capabilities }) => capabilities.replace !== 'none');
export const REMOVE: Need = need('a conditional remove', ({ capabilities }) => capabilities.remove !== 'none');
export const NO_CREATE: Need = need('no conditional create', (vfs) => !CREATE.met(vfs));
export const NO_REPLACE: Need = need('no conditional replace', (vfs) => !REPLACE.met(vfs));
export const NO_REMOVE: Need = need('no conditional remove', (vfs) => !REMOVE.met(vfs));
export const CLOCK: Need = need('a clock of the store', ({ capabilities }) => capabilities.clock.source === 'store');
export const NO_CLOCK: Need = need('a store without a clock', (vfs) => !CLOCK.met(vfs));
export const ATOMIC_MOVE: Need = need('an atomic move', ({ capabilities }) => capabilities.move === 'atomic');
export const SYNC: Need = need('a synchronous face', (vfs) => vfs.sync !== undefined);
export const WATCH: Need = need('watch', (vfs) => vfs.watch !== undefined);

export const WRITES: readonly Need[] = [CREATE, REPLACE];
export const SWAPS: readonly Need[] = [...WRITES, REMOVE];

function need(words: string, met: (vfs: Vfs) => boolean): Need {
  return { words, met };
}
