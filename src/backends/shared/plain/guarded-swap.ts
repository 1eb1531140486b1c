import { freshId } from '../../../util/fresh-id.js';
import type { Steps } from '../../../util/steps.js';
import { VfsError } from '../../../vfs/errors.js';
import { entryName, guardPath, stagedPath, takenName } from '../../../vfs/names.js';
import type { Version } from '../../../vfs/vfs.js';
import { type EvictionFiles, overrun, present, removeEntry, removeIfEmpty, Rivals, vacant } from './eviction.js';
import { recordVersion } from '../content-version.js';
import { codeOf } from './posix-errors.js';

/** A file as the swap compares it. */
export interface Image {
  readonly version: Version;
}

/**
 * The plain file operations that the swap is made of. They fail with an error whose `code` is `ENOENT` when a name on the
 * way is gone, `EEXIST` or `ENOTEMPTY` when the target is taken, and `EISDIR` or `EPERM` when a directory cannot be unlinked;
 * any other failure ends the swap.
 */
export interface SwapFiles extends EvictionFiles {
  /**
   * Makes a private directory that all who may write where it stands can empty. Returns the path that leads into it under
   * whatever name it has by then, so that nobody can put a link in its place; undefined where only the name leads there.
   */
  makeStage(stage: string): Steps<string | undefined>;
  /** Ends the use of a path that `makeStage` returned. */
  forgetStage(at: string): void;
  /** Makes a door: a name through which files can be moved in until it is removed. A link to `.`, or a folder. */
  makeDoor(path: string): Steps<'link' | 'folder'>;
  write(path: string, data: Uint8Array): Steps<unknown>;
  read(path: string): Steps<Image | undefined>;
  rename(from: string, to: string): Steps<unknown>;
  /** `rename(stage, guard)` and, if that succeeded, `read(lock)`: for stores that accept both requests at once. */
  readonly enter?: ((stage: string, guard: string, lock: string) => Steps<Image | undefined>) | undefined;
  /** `rename(from, to)` and then, even if that failed, the removal of the leftovers in the guard and of the guard. */
  readonly act?:
    ((from: string, to: string, guard: string, leftovers: readonly string[]) => Steps<unknown>) | undefined;
}

/** The wanted change: from `expected` (undefined: no file) to `next` (undefined: no file). */
export interface Swap {
  readonly lock: string;
  readonly expected: Version | undefined;
  readonly next: Uint8Array | undefined;
  /** How long to wait for a rival inside the guard before evicting it, in milliseconds. Safety does not depend on it. */
  readonly patienceMs: number;
}

/** The wanted change of another file, made while nobody can change the lock. */
export interface GuardedAct {
  readonly lock: string;
  /** Puts the new file under a name inside the guard. */
  readonly stage: (at: string) => Steps<unknown>;
  /** Decides, inside the guard, whether the file is moved to its place. */
  readonly judge: () => Steps<boolean>;
  /** The place. */
  readonly target: string;
  readonly patienceMs: number;
}

/**
 * Compare-and-swap on a plain file. False: the file was not as expected, and nothing was changed.
 *
 * Each contender renames a private directory onto a fixed name, the guard. Only one can be inside: the rename fails while the guard
 * holds anything. The directory holds one entry with a unique name, and the act is a single rename out of that entry (new bytes)
 * or through it (the old file). A rival that removes the entry, and then the empty guard, has made that act impossible for good,
 * however long its owner was paused: the name is never used again, and nothing can be moved into a removed directory.
 */
export function* guardedSwap(files: SwapFiles, swap: Swap | GuardedAct): Steps<boolean> {
  for (let entries = 0; ; entries += 1) {
    if (entries === MOST_ENTRIES) throw overrun(swap.lock);
    const outcome = yield* enterAndAct(files, swap, entries < MOST_REPEATS);
    if (outcome !== 'evicted') return outcome === 'swapped';
  }
}

/** The most evictions in one swap. Patience and luck do not explain more: something else empties the guard. */
const MOST_ENTRIES = 1000;

/** A contender that has entered the guard: its door, and the lock file as it read it there. */
interface Entered {
  readonly door: Inside['door'];
  readonly image: Image | undefined;
}

/** How many entries in a row may fail with an error that a repeated request explains. */
const MOST_REPEATS = 3;

/**
 * How a file server (NFS) answers a request that it repeats because the first reply was lost: what was made exists, and what was
 * moved is gone. ESTALE: another client has replaced a folder on the way. A new entry has new names.
 */
const REPEATED: readonly string[] = ['EEXIST', 'ENOENT', 'ESTALE'];

/** A contender's entry in the guard, and how it is reached. */
interface Inside {
  readonly entry: string;
  /** The folder that the entry stands in, by a path that nobody can redirect, or by its name. */
  readonly at: string | undefined;
  readonly door: 'link' | 'folder' | undefined;
}

/** `mayRepeat`: an error that a repeated request explains is as good as an eviction. */
function* enterAndAct(
  files: SwapFiles,
  swap: Swap | GuardedAct,
  mayRepeat: boolean,
): Steps<'swapped' | 'lost' | 'evicted'> {
  const id = freshId();
  const [entry, stage] = [entryName(id), stagedPath(swap.lock, id)];
  let at: string | undefined;
  let entered: Entered;
  try {
    at = yield* makeStage(files, stage);
    entered = yield* enter(files, swap, { stage, entry, at });
  } catch (error) {
    if (at !== undefined) files.forgetStage(at);
    if (mayRepeat && REPEATED.includes(codeOf(error))) return 'evicted';
    throw error;
  }
  try {
    return yield* judgeAndAct(files, swap, { entry, at, door: entered.door }, entered.image);
  } finally {
    if (at !== undefined) files.forgetStage(at);
  }
}

function* makeStage(files: SwapFiles, stage: string): Steps<string | undefined> {
  try {
    return yield* files.makeStage(stage);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') yield* leave(files, stage, undefined, []);
    throw error;
  }
}

/** Stages the swap, brings it into the guard, where there is room for one, and reads the file. */
function* enter(
  files: SwapFiles,
  swap: Swap | GuardedAct,
  { stage, entry, at }: { readonly stage: string; readonly entry: string; readonly at: string | undefined },
): Steps<Entered> {
  const { lock, patienceMs } = swap;
  const guard = guardPath(lock);
  let door: Inside['door'];
  try {
    const staged = `${at ?? stage}/${entry}`;
    const next = 'stage' in swap ? swap.stage : swap.next;
    if (typeof next === 'function') yield* next(staged);
    else if (next === undefined) door = yield* files.makeDoor(staged);
    else yield* files.write(staged, next);
    const rivals = new Rivals(files, guard, patienceMs);
    for (;;) {
      const entered = yield* tryToEnter(files, stage, guard, lock);
      if (entered) return { door, ...entered };
      yield* rivals.makeWay();
    }
  } catch (error) {
    yield* leave(files, stage, at, [entry]);
    yield* leave(files, guard, at, [entry]);
    throw error;
  }
}

/** Undefined: somebody is inside. */
function* tryToEnter(
  files: SwapFiles,
  stage: string,
  guard: string,
  lock: string,
): Steps<{ readonly image: Image | undefined } | undefined> {
  let image: Image | undefined;
  const entering = function* (): Steps<void> {
    if (files.enter) image = yield* files.enter(stage, guard, lock);
    else yield* files.rename(stage, guard);
  };
  try {
    if (!(yield* vacant(entering()))) return undefined;
  } catch (error) {
    if (codeOf(error) !== 'ENOTDIR') throw error;
    throw new VfsError(
      'ERR_VFS_NOT_A_FILE',
      `${guard} is no folder, as the guard of a lock has to be; remove it by hand`,
      {
        cause: error,
      },
    );
  }
  return { image: files.enter ? image : yield* files.read(lock) };
}

function* judgeAndAct(
  files: SwapFiles,
  swap: Swap | GuardedAct,
  { entry, at, door }: Inside,
  image: Image | undefined,
): Steps<'swapped' | 'lost' | 'evicted'> {
  const { lock } = swap;
  const isRemoval = !('target' in swap) && swap.next === undefined;
  const guard = guardPath(lock);
  const staged = `${at ?? guard}/${entry}`;
  const place = 'target' in swap ? swap.target : lock;
  const [from, to] = isRemoval ? [lock, `${staged}/${takenName(entry)}`] : [staged, place];
  const remains = !isRemoval ? [] : door === 'link' ? [takenName(entry), entry] : [entry];
  let leftovers: readonly string[] | undefined = [entry];
  try {
    const isExpected = 'judge' in swap ? yield* swap.judge() : image?.version === swap.expected;
    if (!isExpected) return 'lost';
    const act = files.act?.(from, to, guard, remains) ?? files.rename(from, to);
    if (!(yield* present(act)) && !(yield* wasDone(files, swap, to))) return 'evicted';
    leftovers = files.act ? undefined : remains;
    return 'swapped';
  } finally {
    if (leftovers) yield* leave(files, guard, at, leftovers);
  }
}

/**
 * Whether an act was done although its answer says that its source was gone, as a file server answers that repeats a request. Nobody
 * else can move anything through this entry, and nobody else writes these bytes.
 */
function* wasDone(files: SwapFiles, swap: Swap | GuardedAct, to: string): Steps<boolean> {
  if ('target' in swap) return false;
  const { lock, next } = swap;
  // A store that accepts several requests at once has removed what was taken, if it was.
  if (next === undefined) return files.act === undefined && (yield* present(files.unlink(to)));
  return (yield* files.read(lock))?.version === recordVersion(next);
}

/** Removes one's own entries, unless others have. What cannot be removed is left to the next eviction or to `sweep`. */
function* leave(files: SwapFiles, folder: string, at: string | undefined, leftovers: readonly string[]): Steps<void> {
  try {
    for (const name of leftovers) yield* removeEntry(files, at ?? folder, name);
    yield* removeIfEmpty(files, folder);
  } catch {
    return;
  }
}
