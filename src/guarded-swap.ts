import { VfsError } from './errors.js';
import { freshId, guardPath, stagedPath } from './names.js';
import type { Steps } from './steps.js';
import type { Version } from './vfs.js';

/** A file's bytes and version, as the swap compares them. */
export interface Image {
  readonly version: Version;
}

/**
 * The plain file operations that the swap is made of. They fail with an error whose `code` is `ENOENT` when a name on the
 * way is gone, and `EEXIST` or `ENOTEMPTY` when the target is taken; any other failure ends the swap.
 */
export interface SwapFiles {
  /** Makes the private directories `stage` and `stage/entry`, open to all who may write where they stand. */
  makeStage(stage: string, entry: string): Steps<void>;
  write(path: string, data: Uint8Array): Steps<unknown>;
  read(path: string): Steps<Image | undefined>;
  rename(from: string, to: string): Steps<void>;
  unlink(path: string): Steps<void>;
  rmdir(path: string): Steps<void>;
  /** The names in a directory; undefined when there is none. */
  names(path: string): Steps<readonly string[] | undefined>;
  /** Sleeps; throws when the caller has given up. */
  pause(ms: number): Steps<void>;
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

/** Compare-and-swap on a plain file. False: the file was not as expected, and nothing was changed. */
export function* guardedSwap(files: SwapFiles, swap: Swap): Steps<boolean> {
  for (;;) {
    const entry = yield* enter(files, swap);
    const outcome = yield* judgeAndAct(files, swap, entry);
    if (outcome !== 'evicted') return outcome === 'swapped';
  }
}

/** Stages the swap under a fresh name and brings it into the guard, where there is room for one. Returns that name. */
function* enter(files: SwapFiles, { lock, next, patienceMs }: Swap): Steps<string> {
  const entry = freshId();
  const stage = stagedPath(lock, entry);
  const guard = guardPath(lock);
  try {
    yield* files.makeStage(stage, entry);
    if (next !== undefined) yield* files.write(`${stage}/${entry}/next`, next);
    const rivals = new Rivals(files, guard, patienceMs);
    while (!(yield* vacant(files.rename(stage, guard)))) yield* rivals.makeWay();
    return entry;
  } catch (error) {
    yield* leave(files, stage, entry, ['next']);
    yield* leave(files, guard, entry, ['next']);
    throw error;
  }
}

function* judgeAndAct(files: SwapFiles, swap: Swap, entry: string): Steps<'swapped' | 'lost' | 'evicted'> {
  const { lock, expected, next } = swap;
  const guard = guardPath(lock);
  const staged = `${guard}/${entry}/next`;
  const taken = `${guard}/${entry}/taken`;
  let leftovers = next === undefined ? [] : ['next'];
  try {
    if ((yield* files.read(lock))?.version !== expected) return 'lost';
    const act = next === undefined ? files.rename(lock, taken) : files.rename(staged, lock);
    if (!(yield* present(act))) return 'evicted';
    leftovers = next === undefined ? ['taken'] : [];
    return 'swapped';
  } finally {
    yield* leave(files, guard, entry, leftovers);
  }
}

/** Clears up behind `entry`, as far as others have not. What fails here is left to the next one's eviction or to `sweep`. */
function* leave(files: SwapFiles, directory: string, entry: string, leftovers: readonly string[]): Steps<void> {
  try {
    for (const name of leftovers) yield* present(files.unlink(`${directory}/${entry}/${name}`));
    yield* present(files.rmdir(`${directory}/${entry}`));
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
  #seen: string | undefined;
  #since = 0;
  #pauseMs = 0.5;

  constructor(files: SwapFiles, guard: string, patienceMs: number) {
    this.#files = files;
    this.#guard = guard;
    this.#patienceMs = patienceMs;
  }

  /** Waits a little for whoever is inside, and puts them out once the same one has been there for too long. */
  *makeWay(): Steps<void> {
    const [rival] = (yield* this.#files.names(this.#guard)) ?? [];
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
      yield* evict(this.#files, this.#guard, rival);
    }
  }

  *#pause(): Steps<void> {
    this.#pauseMs = Math.min(this.#pauseMs * 2, 20);
    yield* this.#files.pause(this.#pauseMs * (0.5 + Math.random()));
  }
}

const EVICTION_TRIES = 10;

/**
 * Takes away what `entry` needs to act: the staged bytes of a replacement, or the directory that a removal moves into.
 * It may act for the last time in between, which the caller then sees when it judges.
 */
function* evict(files: SwapFiles, guard: string, entry: string): Steps<void> {
  const inside = `${guard}/${entry}`;
  for (let tries = 0; tries < EVICTION_TRIES; tries += 1) {
    yield* present(files.unlink(`${inside}/next`));
    yield* present(files.unlink(`${inside}/taken`));
    if (yield* vacant(present(files.rmdir(inside)))) return;
  }
  throw new VfsError('ERR_VFS_IO', `cannot clear the guard ${inside}: it holds files that are none of ours`);
}

/** Whether an operation found its source; false when the name was gone. */
function present(operation: Steps<unknown>): Steps<boolean> {
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
    if (codes.includes((error as { code?: string }).code ?? '')) return false;
    throw error;
  }
}
