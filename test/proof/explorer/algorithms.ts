import { symlinkSync } from 'node:fs';

import { createFile, createLock, removeLock, replaceLock } from '../../../src/backends/local/lock-files.js';
import { LocalFiles } from '../../../src/backends/local/files.js';
import type { Syscalls } from '../../../src/backends/local/syscalls.js';
import type { Image } from '../../../src/backends/shared/plain/guarded-swap.js';
import { removeFile, replaceFile } from '../../../src/backends/shared/plain/lock-files.js';
import type { LockParty } from '../../../src/backends/shared/plain/own-locks.js';
import { freshId } from '../../../src/util/fresh-id.js';
import { stagedPath } from '../../../src/vfs/names.js';
import { ask, type Steps } from '../../../src/util/steps.js';
import type { Version } from '../../../src/vfs/vfs.js';
import { recordVersion } from '../../../src/backends/shared/content-version.js';
import { fence } from '../../../src/backends/shared/plain/fence.js';
import { Holder } from '../../../src/backends/shared/plain/holder.js';
import { bytesVia, type Content } from './content.js';
import { Operation } from './operation.js';
import type { World } from './world.js';

/** What one call of a scenario works with. */
export interface Bench {
  readonly world: World;
  readonly calls: Syscalls;
  /** Whether to try a hard link for a creation. */
  readonly hardLinks: boolean;
  /** The private folder of the actor. */
  readonly party: LockParty | undefined;
  /** The folder that each content names, by its label: fixed when it is written. */
  readonly vias: Map<string, string | undefined>;
}

export function newParty(): LockParty {
  return { holder: new Holder(), taken: () => undefined };
}

/** Removes the actor's private folder, unless a record names it. */
export function* retire(bench: Bench): Steps<void> {
  const files = new ExploredFiles(bench);
  const id = bench.party?.holder.retire(files);
  if (id !== undefined) yield* fence(files, bench.world.lock, id);
}

/** A conditional change: creates where `from` is undefined, removes where `to` is. Tells whether it was made. */
export type Algorithm = (bench: Bench, from: Content | undefined, to: Content | undefined) => Steps<boolean>;

/** The shipped file operations, except for the clock, which belongs to the world. */
export class ExploredFiles extends LocalFiles {
  protected readonly bench: Bench;
  protected readonly world: World;

  constructor(bench: Bench) {
    super(bench.calls, bench.world.folder);
    this.bench = bench;
    this.world = bench.world;
  }

  override now(): number {
    return this.world.nowMs;
  }

  /** After a change, whatever came of it. */
  *finish(): Steps<void> {
    // The shipped code has nothing left to do.
  }
}

/** A door as servers have it, where links are cheaper than folders. */
export function* makeLinkDoor(path: string): Steps<'link'> {
  yield* ask(new Operation('link', ['.', path], () => symlinkSync('.', path)));
  return 'link';
}

/** As over a connection: what follows is sent before the answer is there, and so it is done whatever the answer. */
class PipelinedFiles extends ExploredFiles {
  override makeDoor(path: string): Steps<'link'> {
    return makeLinkDoor(path);
  }

  *enter(stage: string, guard: string, lock: string): Steps<Image | undefined> {
    const entered = yield* settled(this.rename(stage, guard));
    const image = yield* this.read(lock);
    entered();
    return image;
  }

  *act(from: string, to: string, guard: string, leftovers: readonly string[]): Steps<void> {
    const acted = yield* settled(this.rename(from, to));
    for (const name of leftovers) yield* settled(this.unlink(`${guard}/${name}`));
    yield* settled(this.rmdir(guard));
    acted();
  }
}

/** Does an operation and keeps its failure: calling the returned function throws it. */
function* settled(operation: Steps<void>): Steps<() => void> {
  try {
    yield* operation;
    return () => undefined;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** The shipped code, on file operations that a mutant may have changed. */
export function shippedOver(filesFor: (bench: Bench, expected: Version | undefined) => LocalFiles): Algorithm {
  return function* (bench, from, to) {
    const files = filesFor(bench, from?.version);
    const { lock } = bench.world;
    if (to === undefined) return from !== undefined && (yield* removeFile(files, lock, from.version));
    const written = from
      ? yield* replaceFile(files, lock, from.version, to.bytes)
      : yield* createFile(files, lock, to.bytes, bench.hardLinks);
    if (written !== undefined && written.version !== to.version) throw new Error('it wrote another version');
    return written !== undefined;
  };
}

export const shipped: Algorithm = shippedOver((bench) => new ExploredFiles(bench));

export const pipelined: Algorithm = shippedOver((bench) => new PipelinedFiles(bench));

/** What everybody writes first: read, compare, then unlink or rename. Its creation by a hard link is sound. */
export const naive: Algorithm = function* (bench, from, to) {
  const files = new ExploredFiles(bench);
  const { lock } = bench.world;
  if (from === undefined && to !== undefined) return (yield* createFile(files, lock, to.bytes, true)) !== undefined;
  if ((yield* files.read(lock))?.version !== from?.version) return false;
  if (to === undefined) return yield* found(files.unlink(lock));
  const staged = stagedPath(lock, freshId());
  yield* files.write(staged, to.bytes);
  yield* files.rename(staged, lock);
  return true;
};

/** What lock files are mostly written by: opened where they stand, then filled. Changes that are no creation are the shipped ones. */
export const inPlace: Algorithm = function* (bench, from, to) {
  if (from !== undefined || to === undefined) return yield* shipped(bench, from, to);
  try {
    yield* new ExploredFiles(bench).write(bench.world.lock, to.bytes);
    return true;
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'EEXIST') return false;
    throw error;
  }
};

function* found(operation: Steps<void>): Steps<boolean> {
  try {
    yield* operation;
    return true;
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'ENOENT') return false;
    throw error;
  }
}

/** The shipped code with a private folder for each actor, on file operations that a mutant may have changed. */
export function throughHolder(
  makeFiles: (bench: Bench, via: string | undefined, from: Version | undefined) => ExploredFiles = (bench) =>
    new ExploredFiles(bench),
): Algorithm {
  return function* (bench, from, to) {
    const files = makeFiles(bench, from && bench.vias.get(from.label), from && versionOf(bench, from));
    try {
      return yield* changeThrough(bench, files, from, to);
    } finally {
      yield* files.finish();
    }
  };
}

function versionOf({ vias }: Bench, content: Content): Version {
  const via = vias.get(content.label);
  return recordVersion(bytesVia(content, via), via);
}

function* changeThrough(
  bench: Bench,
  files: ExploredFiles,
  from: Content | undefined,
  to: Content | undefined,
): Steps<boolean> {
  const { lock } = bench.world;
  const party = bench.party!;
  if (to === undefined) return from !== undefined && (yield* removeLock(files, lock, versionOf(bench, from), party));
  const via = yield* party.holder.via(files, lock);
  bench.vias.set(to.label, via);
  const data = bytesVia(to, via);
  const written = from
    ? yield* replaceLock(files, lock, versionOf(bench, from), { data, via }, party)
    : yield* createLock(files, lock, data, { via, hardLinks: bench.hardLinks }, party);
  return written !== undefined;
}

/** Each actor changes its own records through its private folder. */
export const holders: Algorithm = throughHolder();
