import { freshId } from '../../../util/fresh-id.js';
import type { Steps } from '../../../util/steps.js';
import { VfsError } from '../../../vfs/errors.js';
import { guardPath, isGuardEntry, stagedPath, takenName } from '../../../vfs/names.js';
import type { Version } from '../../../vfs/vfs.js';
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
  /** Makes a private directory that everybody who may write to its folder can empty. */
  makeStage(stage: string): Steps<unknown>;
  /** Makes `stage/entry` a door: a name through which files can be moved in until it is removed. */
  makeDoor(stage: string, entry: string): Steps<unknown>;
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
  /** The names in a directory; undefined when there is none. */
  names(path: string): Steps<readonly string[] | undefined>;
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
  for (;;) {
    const inside = yield* enter(files, swap);
    const outcome = yield* judgeAndAct(files, swap, inside);
    if (outcome !== 'evicted') return outcome === 'swapped';
  }
}

/** A contender's entry in the guard, and the file as it was found from there. */
interface Inside {
  readonly entry: string;
  readonly image: Image | undefined;
}

/** Stages the swap under a fresh name, moves it into the guard, which has room for one, and reads the file. */
function* enter(files: SwapFiles, { lock, next, patienceMs }: Swap): Steps<Inside> {
  const entry = freshId();
  const stage = stagedPath(lock, entry);
  const guard = guardPath(lock);
  try {
    yield* files.makeStage(stage);
    if (next === undefined) yield* files.makeDoor(stage, entry);
    else yield* files.write(`${stage}/${entry}`, next);
    const rivals = new Rivals(files, guard, patienceMs);
    for (;;) {
      const entered = yield* tryToEnter(files, stage, guard, lock);
      if (entered) return { entry, ...entered };
      yield* rivals.makeWay();
    }
  } catch (error) {
    yield* leave(files, stage, [entry]);
    yield* leave(files, guard, [entry]);
    throw error;
  }
}

/** Undefined: somebody is inside. */
function* tryToEnter(
  files: SwapFiles,
  stage: string,
  guard: string,
  lock: string,
): Steps<Omit<Inside, 'entry'> | undefined> {
  let image: Image | undefined;
  const entering = function* (): Steps<void> {
    if (files.enter) image = yield* files.enter(stage, guard, lock);
    else yield* files.rename(stage, guard);
  };
  if (!(yield* vacant(entering()))) return undefined;
  return { image: files.enter ? image : yield* files.read(lock) };
}

function* judgeAndAct(files: SwapFiles, swap: Swap, { entry, image }: Inside): Steps<'swapped' | 'lost' | 'evicted'> {
  const { lock, expected, next } = swap;
  const guard = guardPath(lock);
  const staged = `${guard}/${entry}`;
  const [from, to] = next === undefined ? [lock, `${staged}/${takenName(entry)}`] : [staged, lock];
  const remains = next === undefined ? [takenName(entry), entry] : [];
  let leftovers: readonly string[] | undefined = [entry];
  try {
    if (image?.version !== expected) return 'lost';
    const act = files.act?.(from, to, guard, remains) ?? files.rename(from, to);
    if (!(yield* present(act))) return 'evicted';
    leftovers = files.act ? undefined : remains;
    return 'swapped';
  } finally {
    if (leftovers) yield* leave(files, guard, leftovers);
  }
}

/** Removes the own entries, unless others have. What cannot be removed is left to the next eviction, or to `sweep`. */
function* leave(files: SwapFiles, directory: string, leftovers: readonly string[]): Steps<void> {
  try {
    for (const name of leftovers) yield* removeEntry(files, directory, name);
    yield* removeIfEmpty(files, directory);
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

  constructor(files: SwapFiles, guard: string, patienceMs: number) {
    this.#files = files;
    this.#guard = guard;
    this.#patienceMs = patienceMs;
  }

  /** Waits a little for the rival inside, and evicts it once the same one has been there for too long. */
  *makeWay(): Steps<void> {
    const names = [...((yield* this.#files.names(this.#guard)) ?? [])].sort();
    const [rival] = names;
    if (rival === undefined) {
      // Some stores cannot rename onto an empty directory. Removing it is safe: that only works while it is empty.
      yield* removeIfEmpty(this.#files, this.#guard);
    } else if (rival !== this.#seen) {
      this.#seen = rival;
      this.#since = this.#files.now();
      yield* this.#pause();
    } else if (this.#files.now() - this.#since < this.#patienceMs) {
      yield* this.#pause();
    } else if (names.some(isGuardEntry)) {
      yield* removeEntries(this.#files, this.#guard, names);
    } else {
      throw new VfsError('ERR_VFS_DENIED', `${this.#guard} holds ${rival}, which no lock made; remove it`);
    }
  }

  *#pause(): Steps<void> {
    this.#pauseMs = Math.min(this.#pauseMs * 2, 20);
    yield* this.#files.pause(this.#pauseMs * (0.5 + Math.random()));
  }
}

/** What it takes to remove the entries of a guard. */
export type GuardFiles = Pick<SwapFiles, 'names' | 'unlink' | 'rmdir'>;

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
    yield* present(files.unlink(`${path}/${takenName(name)}`));
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
