import type { Steps } from '../../../util/steps.js';
import { entryName } from '../../../vfs/names.js';
import type { Version } from '../../../vfs/vfs.js';
import type { FenceFiles } from './fence.js';
import type { SwapFiles } from './guarded-swap.js';

/** Numbers that together tell a file from the next one of the same name, such as its inode, size and modification time. */
export type Stamp = readonly number[];

export function isSameStamp(one: Stamp, other: Stamp): boolean {
  for (let place = 0; place < one.length; place += 1) if (one[place] !== other[place]) return false;
  return one.length === other.length;
}

/** The file operations of a holder. */
export interface HolderFiles extends FenceFiles, Pick<SwapFiles, 'makeStage' | 'forgetStage' | 'rename'> {
  /** Writes a new file and returns its stamp. */
  writeStamped(path: string, data: Uint8Array): Steps<Stamp>;
  /**
   * The stamp of what stands under a name, links not followed; undefined where nothing does. `next` is the file that will be written
   * if the stamp is right: stores that accept several requests at once may open it already.
   */
  stampOf(path: string, next?: string): Steps<Stamp | undefined>;
  link(from: string, to: string): Steps<unknown>;
  /**
   * Writes `entry`, links it to `lock` and removes `entry`, for stores that accept several requests at once. Returns the stamp, or
   * why the link was not made. Fails with `TornError` where the link was made and the file was not written completely.
   */
  readonly publish?: ((entry: string, data: Uint8Array, lock: string) => Steps<Published>) | undefined;
  /** `rename(lock, entry)`, then the removal of `entry` and of `folder`, for stores that accept these requests at once. */
  readonly takeAway?: ((lock: string, entry: string, folder: string | undefined) => Steps<unknown>) | undefined;
}

/** `'linkless'`: not possible through the folder. After both refusals nothing was changed. */
export type Published = { readonly stamp: Stamp } | 'taken' | 'linkless';

/** A record came to stand in the lock's place before it was completely written, and it was not. The cause says why. */
export class TornError extends Error {
  override readonly name = 'TornError';
}

/** A private folder, and the records that name it as the way to change them. */
export interface HolderFolder {
  readonly id: string;
  readonly at: string;
  /** Entries are a counter: a rename between two names of one inode would do nothing and report success. */
  entries: number;
  /** Acts under way, which use `at`: it is forgotten only when none is left. */
  users: number;
  dropped: boolean;
  /** What the records of this folder are, by the path of the lock. */
  readonly own: Map<string, OwnRecord>;
}

interface OwnRecord {
  readonly version: Version;
  readonly stamp: Stamp;
}

/** With the folder's id in it: where somebody swaps the folder for a link to another one, nothing there has such a name. */
export function nextEntry(folder: HolderFolder, kind: 'new' | 'taken'): string {
  folder.entries += 1;
  return `${folder.at}/${entryName(folder.id)}.${folder.entries.toString(36)}.${kind}`;
}
