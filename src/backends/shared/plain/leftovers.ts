import { run, type Steps } from '../../../util/steps.js';
import { isGuard, isGuardEntry, isHolderEntry, isOpenRemnant, isProbeEntry } from '../../../vfs/names.js';
import type { Entry } from '../../../vfs/vfs.js';
import { foreignName } from './fence.js';
import { present, removeIfEmpty, type GuardFiles } from './eviction.js';

/** What a name stands for, links not followed. */
export interface FoundFile {
  readonly isFolder: boolean;
  readonly size: number;
  readonly modifiedMs: number;
}

/** What it takes to inspect private names and to remove them. */
export interface LeftoverFiles extends GuardFiles {
  lstat(path: string): Steps<FoundFile | undefined>;
}

/** A door in a guard, and the scratch of a probe, are a folder in a folder. */
const DEEPEST = 3;

/** A private name, as old as the youngest of what is in it. Undefined: it is gone. */
export function inspectLeftover(files: LeftoverFiles, path: string): Promise<Entry | undefined> {
  return run(inspect(files, path));
}

/** Removes a private name that was last modified at `modifiedMs`. False: it is gone, was modified since, or stays. */
export function clearLeftover(files: LeftoverFiles, path: string, modifiedMs: number): Promise<boolean> {
  return run(clear(files, path, modifiedMs));
}

function* inspect(files: LeftoverFiles, path: string, depth = 0): Steps<Entry | undefined> {
  const found = yield* files.lstat(path);
  if (found === undefined) return undefined;
  let { modifiedMs } = found;
  if (found.isFolder && depth < DEEPEST) {
    yield* files.inside(path, function* (at, names): Steps<void> {
      for (const name of names) {
        const inside = yield* inspect(files, `${at}/${name}`, depth + 1);
        modifiedMs = Math.max(modifiedMs, inside?.modifiedMs ?? 0);
      }
    });
  }
  return { path, size: found.isFolder ? 0 : found.size, modifiedMs };
}

function* clear(files: LeftoverFiles, path: string, modifiedMs: number): Steps<boolean> {
  const found = yield* inspect(files, path);
  return found?.modifiedMs === modifiedMs && (yield* removeLeftover(files, path));
}

/**
 * Removes a private name, and in it only names that this library makes. Throws `ERR_VFS_NOT_A_FILE` where something else stands in
 * it. A guard is always a folder: a file of that name is somebody's.
 */
export function* removeLeftover(files: LeftoverFiles, path: string, depth = 0): Steps<boolean> {
  const found = yield* files.lstat(path);
  if (found === undefined || (isGuard(path) && !found.isFolder)) return false;
  if (!found.isFolder) return yield* present(files.unlink(path));
  if (depth < DEEPEST) yield* files.inside(path, (at, names) => removeNames(files, { path, at, names, depth }));
  return yield* removeIfEmpty(files, path);
}

function* removeNames(
  files: LeftoverFiles,
  folder: { readonly path: string; readonly at: string; readonly names: readonly string[]; readonly depth: number },
): Steps<void> {
  const { path, at, names, depth } = folder;
  const foreign = names.find((name) => !isOwnEntry(name));
  if (foreign !== undefined) throw foreignName(path, foreign);
  // An entry sorts before the file that was taken through it: once the entry is gone nothing more can come in.
  for (const name of names.filter((found) => !isOpenRemnant(found)).sort())
    yield* removeLeftover(files, `${at}/${name}`, depth + 1);
}

function isOwnEntry(name: string): boolean {
  return isGuardEntry(name) || isHolderEntry(name) || isProbeEntry(name) || isOpenRemnant(name);
}
