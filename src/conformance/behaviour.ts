import type { Vfs } from '../vfs/vfs.js';

/** Something that a store may not be capable of. */
export interface Need {
  readonly label: string;
  readonly met: (vfs: Vfs) => boolean;
}

/** What a case works with. */
export interface CaseContext {
  readonly vfs: Vfs;
  /** All clients of the store; the first is `vfs`. */
  readonly clients: readonly Vfs[];
  /** The folder that only this case uses; `''` is the root. */
  readonly folder: string;
  readonly rounds: number;
  readonly patienceMs: number;
  /** The path of a name in the folder. */
  readonly path: (name: string) => string;
}

export interface Behaviour {
  readonly name: string;
  readonly needs?: readonly Need[];
  readonly check: (context: CaseContext) => Promise<void>;
}

export const CREATE: Need = need('a conditional create', ({ capabilities }) => capabilities.create !== 'none');
export const REPLACE: Need = need('a conditional replace', ({ capabilities }) => capabilities.replace !== 'none');
export const REMOVE: Need = need('a conditional remove', ({ capabilities }) => capabilities.remove !== 'none');
export const NO_CREATE: Need = need('no conditional create', (vfs) => !CREATE.met(vfs));
export const NO_REPLACE: Need = need('no conditional replace', (vfs) => !REPLACE.met(vfs));
export const NO_REMOVE: Need = need('no conditional remove', (vfs) => !REMOVE.met(vfs));
export const CLOCK: Need = need('a store with a clock', ({ capabilities }) => capabilities.clock.source === 'store');
export const NO_CLOCK: Need = need('a store without a clock', (vfs) => !CLOCK.met(vfs));
export const ATOMIC_MOVE: Need = need('an atomic move', ({ capabilities }) => capabilities.move === 'atomic');
export const SYNC: Need = need('synchronous operations', (vfs) => vfs.sync !== undefined);
export const APPEND: Need = need('append', (vfs) => vfs.append !== undefined);
export const WATCH: Need = need('watch', (vfs) => vfs.watch !== undefined);

export const REMOVE_FOLDER: Need = need('folders that can be removed', (vfs) => vfs.removeFolder !== undefined);

export const WRITES: readonly Need[] = [CREATE, REPLACE];
export const SWAPS: readonly Need[] = [...WRITES, REMOVE];

function need(label: string, met: (vfs: Vfs) => boolean): Need {
  return { label, met };
}
