import { run, type Steps } from '../../../util/steps.js';
import { isGuard } from '../../../vfs/names.js';
import type { Entry } from '../../../vfs/vfs.js';
import { present, removeEntries, removeIfEmpty, type GuardFiles } from './guarded-swap.js';

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
  const names = found.isFolder && depth < DEEPEST ? yield* files.names(path) : [];
  for (const name of names ?? []) {
    const inside = yield* inspect(files, `${path}/${name}`, depth + 1);
    modifiedMs = Math.max(modifiedMs, inside?.modifiedMs ?? 0);
  }
  return { path, size: found.isFolder ? 0 : found.size, modifiedMs };
}

function* clear(files: LeftoverFiles, path: string, modifiedMs: number): Steps<boolean> {
  const found = yield* inspect(files, path);
  return found?.modifiedMs === modifiedMs && (yield* removeLeftover(files, path));
}

/** Removes a private name with everything in it; of a guard, only what contenders have left in it. */
export function* removeLeftover(files: LeftoverFiles, path: string, depth = 0): Steps<boolean> {
  const found = yield* files.lstat(path);
  if (!found?.isFolder) return found !== undefined && (yield* present(files.unlink(path)));
  const names = (depth < DEEPEST ? yield* files.names(path) : undefined) ?? [];
  if (isGuard(path)) yield* removeEntries(files, path, names);
  else for (const name of names) yield* removeLeftover(files, `${path}/${name}`, depth + 1);
  return yield* removeIfEmpty(files, path);
}
