import { VfsError } from '../../../vfs/errors.js';
import { isGuardEntry, isOpenRemnant, takenName } from '../../../vfs/names.js';
import type { Steps } from '../../../util/steps.js';
import { foreignName } from './fence.js';
import { codeOf } from './posix-errors.js';

/** What it takes to remove the entries of a guard. They fail with the errors of `SwapFiles`. */
export interface GuardFiles {
  unlink(path: string): Steps<unknown>;
  rmdir(path: string): Steps<unknown>;
  /** See `FenceFiles.inside`. */
  inside<T>(folder: string, work: (at: string, names: readonly string[]) => Steps<T>): Steps<T | undefined>;
}

/** What it takes to wait for rivals inside a guard, and to evict them. */
export interface EvictionFiles extends GuardFiles {
  /** Sleeps; throws when the caller has given up. */
  pause(ms: number): Steps<unknown>;
  /** The time of a monotonic clock, in milliseconds. */
  now(): number;
}

/** The rivals inside the guard, while somebody waits to enter. */
export class Rivals {
  readonly #files: EvictionFiles;
  readonly #guard: string;
  readonly #patienceMs: number;
  #seen = '';
  #since = 0;
  /** When nothing but removed files that somebody has open were first found inside. */
  #openSince: number | undefined;
  #pauseMs = 0.5;
  /** How often the very same entry was removed, and found there again. */
  #evictions = 0;

  constructor(files: EvictionFiles, guard: string, patienceMs: number) {
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

  *#makeWayFor(at: string, found: readonly string[]): Steps<'empty' | 'inside'> {
    if (found.length === 0) return 'empty';
    const names = found.filter((name) => !isOpenRemnant(name));
    const [rival] = names;
    if (rival === undefined) {
      this.#openSince ??= this.#files.now();
      if (this.#files.now() - this.#openSince >= REMNANT_PATIENCE_MS) throw heldOpen(this.#guard, found[0]);
      return 'inside';
    }
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

/** How long to wait for a removed file in a guard to be closed, in milliseconds. Only its own disk can remove it. */
const REMNANT_PATIENCE_MS = 5000;

function heldOpen(guard: string, name = ''): VfsError {
  const message = `${guard} contains ${name}, a removed file that a process on this machine still has open; end that process`;
  return new VfsError('ERR_VFS_IO', message);
}

/** An owner that acts in between can make two evictions of its entry fail. More means that it cannot be removed at all. */
const MOST_EVICTIONS = 4;

export function overrun(path: string): VfsError {
  return new VfsError('ERR_VFS_IO', `${path}: an entry there cannot be removed, or reappears after every removal`);
}

/**
 * Removes what contenders have left in a guard, and nothing else that stands there. An entry sorts before the file that was
 * taken through it: once the entry is gone nothing more can come in, and the rest can go.
 */
export function* removeEntries(files: GuardFiles, guard: string, names: readonly string[]): Steps<void> {
  for (const name of names.filter(isGuardEntry).sort()) yield* removeEntry(files, guard, name);
}

/** Removes an entry, or the file that was taken through it: a file, a door, or a directory that serves as one. */
export function* removeEntry(files: GuardFiles, guard: string, name: string): Steps<void> {
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

/** Removes a directory. False: it is gone already, or not empty, or a disk still keeps a removed file in it (EBUSY). */
export function removeIfEmpty(files: GuardFiles, folder: string): Steps<boolean> {
  return unless(files.rmdir(folder), ['ENOENT', 'EEXIST', 'ENOTEMPTY', 'EBUSY']);
}

/** Whether an operation found its source; false when the name was gone. */
export function present(operation: Steps<unknown>): Steps<boolean> {
  return unless(operation, ['ENOENT']);
}

/** Whether an operation found its target free; false when it was taken. */
export function vacant(operation: Steps<unknown>): Steps<boolean> {
  return unless(operation, ['EEXIST', 'ENOTEMPTY', 'EBUSY']);
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
