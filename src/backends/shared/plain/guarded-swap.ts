import { freshId } from '../../../util/fresh-id.js';
import type { Steps } from '../../../util/steps.js';
import { VfsError } from '../../../vfs/errors.js';
import { guardPath, isGuardEntry, stagedPath, takenName } from '../../../vfs/names.js';
import type { Version } from '../../../vfs/vfs.js';
import { foreignName } from './fence.js';
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
export interface SwapFiles {
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
  unlink(path: string): Steps<unknown>;
  rmdir(path: string): Steps<unknown>;
  /** `rename(stage, guard)` and, if that succeeded, `read(lock)`: for stores that accept both requests at once. */
  readonly enter?: ((stage: string, guard: string, lock: string) => Steps<Image | undefined>) | undefined;
  /** `rename(from, to)` and then, even if that failed, the removal of the leftovers in the guard and of the guard. */
  readonly act?:
    ((from: string, to: string, guard: string, leftovers: readonly string[]) => Steps<unknown>) | undefined;
  /** See `FenceFiles.inside`. */
  inside<T>(folder: string, work: (at: string, names: readonly string[]) => Steps<T>): Steps<T | undefined>;
  /** Sleeps; throws when the caller has given up. */
  pause(ms: number): Steps<unknown>;
  /** The time of a monotonic clock, in milliseconds. */
  now(): number;
}

/** The wanted change: from `expected` (undefined: no file) to `next` (undefined: no file). */
export interface Swap {
  readonly lock: string;
  readonly expected: Version | undefined;
  readonly next: Uint8Array | undefined;
  /** How long to wait for a rival inside the guard before evicting it, in milliseconds. Safety does not depend on it. */
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
export function* guardedSwap(files: SwapFiles, swap: Swap): Steps<boolean> {
  for (let entries = 0; ; entries += 1) {
    if (entries === MOST_ENTRIES) throw overrun(swap.lock);
    const outcome = yield* enterAndAct(files, swap);
    if (outcome !== 'evicted') return outcome === 'swapped';
  }
}

/** More evictions than patience and luck explain: something else empties the guard. */
const MOST_ENTRIES = 1000;

/** A contender's entry in the guard, and how it is reached. */
interface Inside {
  readonly entry: string;
  /** The folder that the entry stands in, by a path that nobody can redirect, or by its name. */
  readonly at: string | undefined;
  readonly door: 'link' | 'folder' | undefined;
}

function* enterAndAct(files: SwapFiles, swap: Swap): Steps<'swapped' | 'lost' | 'evicted'> {
  const entry = freshId();
  const stage = stagedPath(swap.lock, entry);
  let at: string | undefined;
  try {
    at = yield* files.makeStage(stage);
    const { door, image } = yield* enter(files, swap, { stage, entry, at });
    return yield* judgeAndAct(files, swap, { entry, at, door }, image);
  } finally {
    if (at !== undefined) files.forgetStage(at);
  }
}

/** Stages the swap, brings it into the guard, where there is room for one, and reads the file. */
function* enter(
  files: SwapFiles,
  { lock, next, patienceMs }: Swap,
  { stage, entry, at }: { readonly stage: string; readonly entry: string; readonly at: string | undefined },
): Steps<{ readonly door: Inside['door']; readonly image: Image | undefined }> {
  const guard = guardPath(lock);
  let door: Inside['door'];
  try {
    const staged = `${at ?? stage}/${entry}`;
    if (next === undefined) door = yield* files.makeDoor(staged);
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
  swap: Swap,
  { entry, at, door }: Inside,
  image: Image | undefined,
): Steps<'swapped' | 'lost' | 'evicted'> {
  const { lock, expected, next } = swap;
  const guard = guardPath(lock);
  const staged = `${at ?? guard}/${entry}`;
  const [from, to] = next === undefined ? [lock, `${staged}/${takenName(entry)}`] : [staged, lock];
  const remains = next !== undefined ? [] : door === 'link' ? [takenName(entry), entry] : [entry];
  let leftovers: readonly string[] | undefined = [entry];
  try {
    if (image?.version !== expected) return 'lost';
    const act = files.act?.(from, to, guard, remains) ?? files.rename(from, to);
    if (!(yield* present(act))) return 'evicted';
    leftovers = files.act ? undefined : remains;
    return 'swapped';
  } finally {
    if (leftovers) yield* leave(files, guard, at, leftovers);
  }
}

/** Clears up behind oneself, as far as others have not. What fails here is left to the next one's eviction or to `sweep`. */
function* leave(files: SwapFiles, folder: string, at: string | undefined, leftovers: readonly string[]): Steps<void> {
  try {
    for (const name of leftovers) yield* removeEntry(files, at ?? folder, name);
    yield* removeIfEmpty(files, folder);
  } catch {
    return;
  }
}

/** The rivals inside the guard, while somebody waits to enter. */
class Rivals {
  readonly #files: SwapFiles;
  readonly #guard: string;
  readonly #patienceMs: number;
  #seen = '';
  #since = 0;
  #pauseMs = 0.5;
  /** How often the very same entry was removed, and found there again. */
  #evictions = 0;

  constructor(files: SwapFiles, guard: string, patienceMs: number) {
    this.#files = files;
    this.#guard = guard;
    this.#patienceMs = patienceMs;
  }

  /** Waits a little for whoever is inside, and evicts them once the same one has been there for too long. */
  *makeWay(): Steps<void> {
    const rival = yield* this.#files.inside(this.#guard, (at, names) => this.#makeWayFor(at, [...names].sort()));
    // Some stores refuse to rename onto an empty directory; removing it is safe because it only works while empty.
    if (rival === 'empty') yield* removeIfEmpty(this.#files, this.#guard);
    else yield* this.#pause();
  }

  *#makeWayFor(at: string, names: readonly string[]): Steps<'empty' | 'inside'> {
    const [rival] = names;
    if (rival === undefined) return 'empty';
    const foreign = names.find((name) => !isGuardEntry(name));
    if (foreign !== undefined) throw foreignName(this.#guard, foreign);
    if (rival !== this.#seen) {
      this.#seen = rival;
      this.#since = this.#files.now();
      this.#evictions = 0;
    } else if (this.#files.now() - this.#since >= this.#patienceMs) {
      yield* removeEntries(this.#files, at, names);
      this.#evictions += 1;
      if (this.#evictions > MOST_EVICTIONS) throw overrun(this.#guard);
    }
    return 'inside';
  }

  *#pause(): Steps<void> {
    this.#pauseMs = Math.min(this.#pauseMs * 2, 20);
    yield* this.#files.pause(this.#pauseMs * (0.5 + Math.random()));
  }
}

/** An owner that acts in between can make two evictions of its entry fail. More means that it cannot be removed at all. */
const MOST_EVICTIONS = 4;

function overrun(path: string): VfsError {
  return new VfsError('ERR_VFS_IO', `${path}: what stands in the way there cannot be removed, or comes back for ever`);
}

/** What it takes to remove the entries of a guard. */
export type GuardFiles = Pick<SwapFiles, 'inside' | 'unlink' | 'rmdir'>;

/**
 * Removes what contenders have left in a guard, and nothing else that stands there. An entry sorts before the file that was
 * taken through it: once the entry is gone nothing more can come in, and the rest can go.
 */
export function* removeEntries(files: GuardFiles, guard: string, names: readonly string[]): Steps<void> {
  for (const name of names.filter(isGuardEntry).sort()) yield* removeEntry(files, guard, name);
}

/** Removes an entry, or the file that was taken through it: a file, a door, or a directory that serves as one. */
function* removeEntry(files: GuardFiles, guard: string, name: string): Steps<void> {
  const path = `${guard}/${name}`;
  try {
    yield* present(files.unlink(path));
  } catch (error) {
    if (!['EISDIR', 'EPERM'].includes(codeOf(error))) throw error;
    yield* files.inside(path, function* (at): Steps<void> {
      yield* present(files.unlink(`${at}/${takenName(name)}`));
    });
    // Not empty: its owner has acted meanwhile, for the last time, and the next round finds it again.
    yield* removeIfEmpty(files, path);
  }
}

/** Removes a directory. False: it is gone already, or not empty. */
export function removeIfEmpty(files: GuardFiles, folder: string): Steps<boolean> {
  return unless(files.rmdir(folder), ['ENOENT', 'EEXIST', 'ENOTEMPTY']);
}

/** Whether an operation found its source; false when the name was gone. */
export function present(operation: Steps<unknown>): Steps<boolean> {
  return unless(operation, ['ENOENT']);
}

/** Whether an operation found its target free; false when it was taken. */
function vacant(operation: Steps<unknown>): Steps<boolean> {
  return unless(operation, ['EEXIST', 'ENOTEMPTY']);
}

function* unless(operation: Steps<unknown>, codes: readonly string[]): Steps<boolean> {
  try {
    yield* operation;
    return true;
  } catch (error) {
    if (codes.includes(codeOf(error))) return false;
    throw error;
  }
}
