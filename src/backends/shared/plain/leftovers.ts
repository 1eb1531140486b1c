import { isGuard, isGuardEntry } from '../../../vfs/names.js';
import type { Entry } from '../../../vfs/vfs.js';

/** What a name stands for, links not followed. */
export interface Standing {
  readonly isFolder: boolean;
  readonly size: number;
  readonly modifiedMs: number;
}

/** What it takes to look at private names and to be rid of them. Undefined and false: it is gone, or a folder is not empty. */
export interface Attic {
  look(path: string): Promise<Standing | undefined>;
  names(folder: string): Promise<readonly string[] | undefined>;
  unlink(path: string): Promise<boolean>;
  rmdir(path: string): Promise<boolean>;
}

/** A door in a guard, or what a server is tried with, is a folder in a folder. */
const DEEPEST = 3;

/** A private name, as old as the youngest of what is in it. */
export async function examine(attic: Attic, path: string, depth = 0): Promise<Entry | undefined> {
  const found = await attic.look(path);
  if (found === undefined) return undefined;
  let { modifiedMs } = found;
  const names = found.isFolder && depth < DEEPEST ? await attic.names(path) : [];
  for (const name of names ?? []) {
    const inside = await examine(attic, `${path}/${name}`, depth + 1);
    modifiedMs = Math.max(modifiedMs, inside?.modifiedMs ?? 0);
  }
  return { path, size: found.isFolder ? 0 : found.size, modifiedMs };
}

/** Takes a private name away, with what was found in it by then and nothing else. False: it is not gone by that. */
export async function clearAway(attic: Attic, path: string, modifiedMs: number): Promise<boolean> {
  const found = await examine(attic, path);
  return found?.modifiedMs === modifiedMs && (await takeAway(attic, path, isGuard(path)));
}

async function takeAway(attic: Attic, path: string, guards: boolean, depth = 0): Promise<boolean> {
  const found = await attic.look(path);
  if (!found?.isFolder) return found !== undefined && attic.unlink(path);
  const names = depth < DEEPEST ? ((await attic.names(path)) ?? []) : [];
  // An entry of a guard sorts before what was taken through it: first nothing more can come in, then all can go.
  for (const name of [...names].sort()) {
    if (!guards || isGuardEntry(name)) await takeAway(attic, `${path}/${name}`, guards, depth + 1);
  }
  return attic.rmdir(path);
}
