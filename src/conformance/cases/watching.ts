import { ok, strictEqual } from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { SWAPS, WATCH, type Arena, type Behaviour } from '../behaviour.js';
import { created, fresh, replaced } from '../tools.js';

async function isTold(
  { vfs, patienceMs }: Arena,
  path: string,
  verb: string,
  change: () => Promise<unknown>,
): Promise<void> {
  let tell: (told: true) => void = () => undefined;
  const told = new Promise<true>((resolve) => (tell = resolve));
  const stop = vfs.watch?.(path, () => {
    tell(true);
  });
  const timer = new AbortController();
  try {
    await change();
    const late = sleep(patienceMs, false, { signal: timer.signal }).catch(() => false);
    ok(await Promise.race([told, late]), `${verb} ${path}: the watcher was not told`);
  } finally {
    timer.abort();
    stop?.();
  }
}

/** Waiters need not poll where the store tells them of changes. */
export const watching: readonly Behaviour[] = [
  {
    name: 'who watches a file is told when it appears, changes and disappears',
    needs: [WATCH, ...SWAPS],
    check: async (arena) => {
      const { vfs, doors, path } = arena;
      await vfs.write(path('folder/other'), fresh());
      const a = path('folder/a');
      const far = doors[doors.length - 1] ?? vfs;
      await isTold(arena, a, 'create', () => created(far, a, fresh()));
      const version = (await vfs.read(a))?.version;
      ok(version);
      await isTold(arena, a, 'replace', () => replaced(far, a, version, fresh()));
      const next = (await vfs.read(a))?.version;
      ok(next);
      await isTold(arena, a, 'remove', () => far.remove(a, next));
    },
  },
  {
    name: 'who stopped watching is told nothing more, while others still are',
    needs: [WATCH, ...SWAPS],
    check: async (arena) => {
      const { vfs, path } = arena;
      await vfs.write(path('folder/other'), fresh());
      const a = path('folder/a');
      let heard = 0;
      const stop = vfs.watch?.(a, () => (heard += 1));
      stop?.();
      stop?.();
      await isTold(arena, a, 'create', () => created(vfs, a, fresh()));
      strictEqual(heard, 0);
    },
  },
];
