import { freshId } from '../../../util/fresh-id.js';
import { guardPath, stagedPath, takenName } from '../../../vfs/names.js';
import type { Steps } from '../../../util/steps.js';
import type { Version } from '../../../vfs/vfs.js';

/** A file's bytes and version, as the swap compares them. */
export interface Image {
  readonly version: Version;
}

/**
 * The plain file operations that the swap is made of. They fail with an error whose `code` is `ENOENT` when a name on the
 * way is gone, `EEXIST` or `ENOTEMPTY` when the target is taken, and `EISDIR` or `EPERM` when a directory cannot be unlinked;
 * any other failure ends the swap.
 */
export interface SwapFiles {
  /** Makes a private directory that all who may write where it stands can empty. */
  makeStage(stage: string): Steps<unknown>;
  /** Makes `stage/entry` a door: a name through which files can be moved in until it is taken away. */
  makeDoor(stage: string, entry: string): Steps<unknown>;
  write(path: string, data: Uint8Array): Steps<unknown>;
  read(path: string): Steps<Image | undefined>;
  rename(from: string, to: string): Steps<unknown>;
  unlink(path: string): Steps<unknown>;
  rmdir(path: string): Steps<unknown>;
  /** `rename(stage, guard)` and then, if that was done, `read(lock)`: for stores that can be asked for both at once. */
  readonly enter?: ((stage: string, guard: string, lock: string) => Steps<Image | undefined>) | undefined;
  /** `rename(from, to)` and then, whatever became of it, the removal of the leftovers in the guard and of the guard. */
  readonly act?:
    ((from: string, to: string, guard: string, leftovers: readonly string[]) => Steps<unknown>) | undefined;
  /** The names in a directory; undefined when there is none. */
  names(path: string): Steps<readonly string[] | undefined>;
  /** Sleeps; throws when the caller has given up. */
  pause(ms: number): Steps<unknown>;
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
}

/** The change wanted: from `expected` (undefined: no file) to `next` (undefined: no file). */
export interface Swap {
  readonly lock: string;
  readonly expected: Version | undefined;
  readonly next: Uint8Array | undefined;
  /** How long to be polite to whoever is inside the guard, in milliseconds. Safety does not depend on it. */
  readonly patienceMs: number;
}

/**
 * Compare-and-swap on a plain file. False: the file was not as expected, and nothing was changed.
 *
 * A directory renamed onto a fixed name, the guard, lets one contender in at a time: the rename fails while the guard holds
 * anything. Inside stands one entry with a name of its own, and the act is a single rename out of it (new bytes) or through
 * it (the old file). Who takes the entry away, and then the emptied guard, has made that act impossible for good, however
 * long its owner was paused: the name is never used again, and nothing can be moved into a directory that was removed.
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

/** Stages the swap under a fresh name, brings it into the guard, where there is room for one, and looks at the file. */
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

/** Clears up behind oneself, as far as others have not. What fails here is left to the next one's eviction or to `sweep`. */
function* leave(files: SwapFiles, directory: string, leftovers: readonly string[]): Steps<void> {
  try {
    for (const name of leftovers) yield* takeAway(files, directory, name);
    yield* present(vacant(files.rmdir(directory)));
  } catch {
    return;
  }
}

/** Those who are inside the guard while somebody waits to enter. */
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

  /** Waits a little for whoever is inside, and puts them out once the same one has been there for too long. */
  *makeWay(): Steps<void> {
    const names = [...((yield* this.#files.names(this.#guard)) ?? [])].sort();
    const [rival] = names;
    if (rival === undefined) {
      // Some stores refuse to rename onto an empty directory; removing it is safe because it only works while empty.
      yield* present(vacant(this.#files.rmdir(this.#guard)));
    } else if (rival !== this.#seen) {
      this.#seen = rival;
      this.#since = this.#files.now();
      yield* this.#pause();
    } else if (this.#files.now() - this.#since < this.#patienceMs) {
      yield* this.#pause();
    } else {
      // The entry sorts before what was taken through it: first nothing more can come in, then all can go.
      for (const name of names) yield* takeAway(this.#files, this.#guard, name);
    }
  }

  *#pause(): Steps<void> {
    this.#pauseMs = Math.min(this.#pauseMs * 2, 20);
    yield* this.#files.pause(this.#pauseMs * (0.5 + Math.random()));
  }
}

/** Takes an entry, or what was taken through it, out of the guard: a file, a door, or a directory that serves as one. */
function* takeAway(files: SwapFiles, guard: string, name: string): Steps<void> {
  const path = `${guard}/${name}`;
  try {
    yield* present(files.unlink(path));
  } catch (error) {
    if (!['EISDIR', 'EPERM'].includes(codeOf(error))) throw error;
    yield* present(files.unlink(`${path}/${takenName(name)}`));
    // Not empty: its owner has acted in between, for the last time, and the next look finds it again.
    yield* vacant(present(files.rmdir(path)));
  }
}

/** Whether an operation found its source; false when the name was gone. */
function present(operation: Steps<unknown>): Steps<boolean> {
  return unless(operation, ['ENOENT']);
}

/** Whether an operation found its target free; false when it was taken. */
function vacant(operation: Steps<unknown>): Steps<boolean> {
  return unless(operation, ['EEXIST', 'ENOTEMPTY']);
}

function codeOf(error: unknown): string {
  return (error as { readonly code?: string } | undefined)?.code ?? '';
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
