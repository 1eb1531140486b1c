import { memVfs } from '../../../../src/backends/mem/index.js';
import { localVfs, type Snapshot, type Vfs } from '../../../../src/index.js';
import { WrappedVfs } from '../wrapped-vfs.js';

/** A store that is wrong in one respect, and some of the cases that have to notice, by a part of their names. */
export interface Broken {
  readonly what: string;
  /** A new store of that kind; the folder is one on the disk, for those that need one. */
  readonly make: (folder: string) => Vfs;
  readonly noticedBy: readonly string[];
}

/** What of a store in memory is done otherwise. */
export function broken(what: string, change: (right: Vfs) => Partial<Vfs>, noticedBy: readonly string[]): Broken {
  return { what, make: () => changed(memVfs(), change), noticedBy };
}

/** The same of one on the disk, which also has synchronous operations and can be watched. */
export function brokenOnDisk(what: string, change: (right: Vfs) => Partial<Vfs>, noticedBy: readonly string[]): Broken {
  return { what, make: (root) => changed(localVfs({ root }), change), noticedBy };
}

function changed(right: Vfs, change: (right: Vfs) => Partial<Vfs>): Vfs {
  const vfs = new WrappedVfs(right);
  const changes = Object.getOwnPropertyDescriptors(change(right));
  for (const descriptor of Object.values(changes)) descriptor.enumerable = true;
  return Object.defineProperties(vfs, changes);
}

export const tick = (): Promise<void> => new Promise(setImmediate);

export const dataOf = async (vfs: Vfs, path: string): Promise<Uint8Array | undefined> => (await vfs.read(path))?.data;

/** A read whose answers are changed, where there is one. */
export const readAs =
  (right: Vfs, change: (snapshot: Snapshot) => Partial<Snapshot>): Vfs['read'] =>
  async (path, options) => {
    const snapshot = await right.read(path, options);
    return snapshot && { ...snapshot, ...change(snapshot) };
  };

/** All pieces of what is to be written. */
export async function wholeOf(data: Uint8Array | AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> {
  if (data instanceof Uint8Array) return [data];
  const pieces: Uint8Array[] = [];
  for await (const piece of data) pieces.push(piece);
  return pieces;
}
