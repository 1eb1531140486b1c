import type { Steps } from '../../../util/steps.js';
import { entryName } from '../../../vfs/names.js';
import type { Version } from '../../../vfs/vfs.js';
import type { FenceFiles } from './fence.js';
import type { SwapFiles } from './guarded-swap.js';
import { discard } from './lock-files.js';
import { codeOf, LINKLESS } from './posix-errors.js';

// The acts of a holder through its private folder. Each is a function of this module: to create a generator function for each act
// would cost more than the act.

/** The file operations of a holder. A stamp (inode, size and modification time) distinguishes a file from the next one of the same name. */
export interface HolderFiles extends FenceFiles, Pick<SwapFiles, 'makeStage' | 'forgetStage' | 'rename'> {
  /** Writes a new file and returns its stamp. */
  writeStamped(path: string, data: Uint8Array): Steps<string>;
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
  readonly stamp: string;
}

/** `'stranger'`: this party cannot act as the holder (any more); the change has to go through the guard. */
export type OwnOutcome = 'done' | 'stranger';

/** With the folder's id in it: where somebody swaps the folder for a link to another one, nothing there has such a name. */
export function nextEntry(folder: HolderFolder, kind: 'new' | 'taken'): string {
  folder.entries += 1;
  return `${folder.at}/${entryName(folder.id)}.${folder.entries.toString(36)}.${kind}`;
}

/** Whether the record there is still the one that this party wrote. A part of the act, so that no other act slips in behind it. */
export function* isUnchanged(files: HolderFiles, lock: string, folder: HolderFolder, next?: string): Steps<boolean> {
  const own = folder.own.get(lock);
  if (own !== undefined && (yield* files.stampOf(lock, next)) === own.stamp) return true;
  folder.own.delete(lock);
  return false;
}

/** A record to write, and its version. */
interface OwnContent {
  readonly data: Uint8Array;
  readonly version: Version;
}

export function* publishOwn(
  files: HolderFiles,
  lock: string,
  folder: HolderFolder,
  { data, version }: OwnContent,
): Steps<'made' | 'taken' | undefined> {
  const entry = nextEntry(folder, 'new');
  const published = yield* files.publish?.(entry, data, lock) ?? publish(files, entry, data, lock);
  if (published === 'linkless') return undefined;
  if (published === 'taken') return 'taken';
  folder.own.set(lock, { version, stamp: published.stamp });
  return 'made';
}

export function* replaceOwn(
  files: HolderFiles,
  lock: string,
  folder: HolderFolder,
  { data, version }: OwnContent,
): Steps<OwnOutcome> {
  const entry = nextEntry(folder, 'new');
  if (!(yield* isUnchanged(files, lock, folder, entry))) {
    yield* discard(files, entry);
    return 'stranger';
  }
  const stamp = yield* writeEntry(files, entry, data);
  yield* files.rename(entry, lock);
  folder.own.set(lock, { version, stamp });
  return 'done';
}

function* publish(files: HolderFiles, entry: string, data: Uint8Array, lock: string): Steps<Published> {
  const stamp = yield* writeEntry(files, entry, data);
  try {
    yield* files.link(entry, lock);
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'EEXIST' && !LINKLESS.includes(code)) throw error;
    yield* discard(files, entry);
    return code === 'EEXIST' ? 'taken' : 'linkless';
  }
  yield* discard(files, entry);
  return { stamp };
}

function* writeEntry(files: HolderFiles, entry: string, data: Uint8Array): Steps<string> {
  try {
    return yield* files.writeStamped(entry, data);
  } catch (error) {
    yield* discard(files, entry);
    throw error;
  }
}
