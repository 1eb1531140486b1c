import { basename } from 'node:path';

import { stagedPath } from '../../../src/vfs/names.js';
import type { Operation } from './operation.js';
import type { World } from './world.js';

/** What schedules led to, so that a run can show that it saw more than people passing one another. */
export interface Sightings {
  steps: number;
  /** Somebody took a rival's entry out of the guard. */
  evictions: number;
  /** Somebody found out at the very act that they had been evicted. */
  lateActs: number;
  kills: number;
}

export function noSightings(): Sightings {
  return { steps: 0, evictions: 0, lateActs: 0, kills: 0 };
}

/** Counts the outcomes of an operation; `owns` says whether the same actor made a name in the folder. */
export function see(
  seen: Sightings,
  world: World,
  { name, paths }: Operation,
  code: string,
  owns: (name: string) => boolean,
): void {
  seen.steps += 1;
  const inside = paths.find((path) => path.startsWith(`${world.guard}/`));
  if (inside === undefined) return;
  if (name === 'rename' && code === 'ENOENT') seen.lateActs += 1;
  if ((name === 'unlink' || name === 'rmdir') && code === '' && !owns(stageOf(world, inside))) seen.evictions += 1;
}

/** The name under which an entry of the guard, or what was taken through it, was staged. */
export function stageOf(world: World, entry: string): string {
  const [nonce = ''] = /[0-9a-f]{32}/.exec(entry) ?? [];
  return basename(stagedPath(world.lock, nonce));
}
