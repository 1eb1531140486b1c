import { strictEqual } from 'node:assert/strict';

import { guardPath } from '../../vfs/names.js';
import type { Vfs } from '../../vfs/vfs.js';
import { WRITES, type Arena, type Behaviour } from '../behaviour.js';
import { absent, bytes, created, fresh, holds, removed, replaced } from '../tools.js';

const LONGEST_TRIED = 100_000;

/** Whether the store could hold a lock of this path, with the guard that it may need beside it. */
function takes({ vfs }: Arena, path: string): boolean {
  const { create, replace, remove } = vfs.capabilities;
  try {
    vfs.check(path);
    if ([create, replace, remove].includes('guarded')) vfs.check(guardPath(path));
    return true;
  } catch {
    return false;
  }
}

/** The longest text of a kind that `fits`, found by halving. */
function longest(of: (length: number) => string, fits: (text: string) => boolean): string {
  let [good, bad] = [1, LONGEST_TRIED];
  if (fits(of(bad))) return of(bad);
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (fits(of(middle))) good = middle;
    else bad = middle;
  }
  return of(good);
}

async function livesALife(vfs: Vfs, path: string): Promise<void> {
  await vfs.write(path, bytes('plain'));
  await holds(vfs, path, bytes('plain'));
  strictEqual(await vfs.delete(path), true);
  const version = await created(vfs, path, fresh());
  const next = await replaced(vfs, path, version, fresh());
  await removed(vfs, path, next);
  await absent(vfs, path);
}

/** What `check` takes, the store can hold. */
export const longPaths: readonly Behaviour[] = [
  {
    name: 'a name as long as check takes it can be written, created, replaced and removed',
    needs: WRITES,
    check: async (arena) => {
      for (const character of ['x', 'ü', '日']) {
        const path = longest(
          (length) => arena.path(character.repeat(length)),
          (text) => takes(arena, text),
        );
        await livesALife(arena.vfs, path);
      }
    },
  },
  {
    name: 'a path as long as check takes it can be written, created, replaced and removed',
    needs: WRITES,
    check: async (arena) => {
      const nested = (length: number): string =>
        arena.path('a name of forty characters, no less, /'.repeat(length).slice(0, length).replace(/\/$/, 'x'));
      await livesALife(
        arena.vfs,
        longest(nested, (text) => takes(arena, text)),
      );
    },
  },
];
