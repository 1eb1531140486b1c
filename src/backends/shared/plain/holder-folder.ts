import type { Steps } from '../../../util/steps.js';
import { entryName } from '../../../vfs/names.js';
import type { Version } from '../../../vfs/vfs.js';
import type { FenceFiles } from './fence.js';
import type { SwapFiles } from './guarded-swap.js';

/** The file operations of a holder. A stamp (inode, size and modification time) distinguishes a file from the next one of the same name. */
export interface HolderFiles extends FenceFiles, Pick<SwapFiles, 'makeStage' | 'forgetStage' | 'rename'> {
  /** Writes a new file and returns its stamp. */
  writeStamped(path: string, data: Uint8Array): Steps<string>;
  /**
   * Writes over a file that has this stamp and no other name, and returns its new stamp. Undefined: it is not that file, or a new one
   * would be another one; nothing was changed.
   */
  rewrite?(path: string, data: Uint8Array, stamp: string): Steps<string | undefined>;
  /** Whether a file may stay in the private folder while records name that: where everybody who may want the folder gone can empty it. */
  mayKeep?(): Steps<boolean>;
  /**
   * The stamp of what stands under a name, links not followed; undefined where nothing does. `next` is the file that will be written
   * if the stamp is right: stores that accept several requests at once may open it already.
   */
  stampOf(path: string, next?: string): Steps<string | undefined>;
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
export type Published = { readonly stamp: string } | 'taken' | 'linkless';

/** A record came to stand in the lock's place before it was completely written, and it was not. The cause says why. */
export class TornError extends Error {
  override readonly name = 'TornError';
}

/**
 * A file that held a record, or was to hold one, and stands nowhere but in the private folder any more. The next record is written over
 * it, as to make and to remove a file costs a disk more than all the rest of a lock. A file that stands in a lock's place is never
 * written to; but whoever opened it there may read what was written later, and so looks whether it is still there.
 */
export interface Spare {
  readonly entry: string;
  readonly stamp: string;
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
  /** At most one, as each is a file that a killed process leaves. */
  spare: Spare | undefined;
  /** A hard link was made here: not every disk has them. */
  hasLinks: boolean;
  /** What the records of this folder are, by the path of the lock. */
  readonly own: Map<string, OwnRecord>;
}

export interface OwnRecord {
  readonly version: Version;
  readonly stamp: string;
  /**
   * Whether its file may be kept for another record. If the power fails, the earlier one may stand there again. So it must not be one
   * without end, as nobody would take over the lock that it then seems to hold, or one with a token, which that lock never had.
   */
  readonly mayStay: boolean;
}

/** With the folder's id in it: where somebody swaps the folder for a link to another one, nothing there has such a name. */
export function nextEntry(folder: HolderFolder, kind: 'new' | 'taken'): string {
  folder.entries += 1;
  return `${folder.at}/${entryName(folder.id)}.${folder.entries.toString(36)}.${kind}`;
}
