import { strictEqual } from 'node:assert/strict';

import { guardPath } from '../../vfs/names.js';
import type { Vfs } from '../../vfs/vfs.js';
import { WRITES, type CaseContext, type Behaviour } from '../behaviour.js';
import { absent, bytes, created, fresh, holds, removed, replaced } from '../tools.js';

const LONGEST_TRIED = 100_000;

/** Whether the store accepts a lock file of this path, including the guard that it may need beside it. */
function accepts({ vfs }: CaseContext, path: string): boolean {
  const { create, replace, remove } = vfs.capabilities;
  try {
    vfs.check(path);
    if ([create, replace, remove].includes('guarded')) vfs.check(guardPath(path));
    return true;
  } catch {
    return false;
  }
}

/** The longest text that `fits`, found by binary search. */
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

async function exerciseFile(vfs: Vfs, path: string): Promise<void> {
  await vfs.write(path, bytes('plain'));
  await holds(vfs, path, bytes('plain'));
  strictEqual(await vfs.delete(path), true);
  const version = await created(vfs, path, fresh());
  const next = await replaced(vfs, path, version, fresh());
  await removed(vfs, path, next);
  await absent(vfs, path);
}

/** The store can hold every path that `check` accepts. */
export const longPaths: readonly Behaviour[] = [
  {
    name: 'the longest name that check accepts can be written, created, replaced and removed',
    needs: WRITES,
    check: async (context) => {
      for (const character of ['x', 'ü', '日']) {
        const path = longest(
          (length) => context.path(character.repeat(length)),
          (text) => accepts(context, text),
        );
        await exerciseFile(context.vfs, path);
      }
    },
  },
  {
    name: 'the longest path that check accepts can be written, created, replaced and removed',
    needs: WRITES,
    check: async (context) => {
      const nested = (length: number): string =>
        context.path('a name of forty characters, no less, /'.repeat(length).slice(0, length).replace(/\/$/, 'x'));
      await exerciseFile(
        context.vfs,
        longest(nested, (text) => accepts(context, text)),
      );
    },
  },
];
