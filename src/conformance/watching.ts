import { ok, strictEqual } from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Vfs } from '../vfs.js';
import { SWAPS, WATCH, type Behaviour } from './behaviour.js';
import { created, fresh, replaced } from './tools.js';

/** Far more than any watcher needs; only a store that tells nothing takes so long. */
const PATIENCE_MS = 20_000;

async function isTold(vfs: Vfs, path: string, verb: string, change: () => Promise<unknown>): Promise<void> {
  let tell: (told: true) => void = () => undefined;
  const told = new Promise<true>((resolve) => (tell = resolve));
  const stop = vfs.watch?.(path, () => {
    tell(true);
  });
  const timer = new AbortController();
  try {
    await change();
    const late = sleep(PATIENCE_MS, false, { signal: timer.signal }).catch(() => false);
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
    check: async ({ vfs, doors, path }) => {
      await vfs.write(path('folder/other'), fresh());
      const a = path('folder/a');
      const far = doors[doors.length - 1] ?? vfs;
      await isTold(vfs, a, 'create', () => created(far, a, fresh()));
      const version = (await vfs.read(a))?.version;
      ok(version);
      await isTold(vfs, a, 'replace', () => replaced(far, a, version, fresh()));
      const next = (await vfs.read(a))?.version;
      ok(next);
      await isTold(vfs, a, 'remove', () => far.remove(a, next));
    },
  },
  {
    name: 'who stopped watching is told nothing more, while others still are',
    needs: [WATCH, ...SWAPS],
    check: async ({ vfs, path }) => {
      await vfs.write(path('folder/other'), fresh());
      const a = path('folder/a');
      let heard = 0;
      const stop = vfs.watch?.(a, () => (heard += 1));
      stop?.();
      stop?.();
      await isTold(vfs, a, 'create', () => created(vfs, a, fresh()));
      strictEqual(heard, 0);
    },
  },
];
