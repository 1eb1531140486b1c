import { ok, strictEqual } from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { SWAPS, WATCH, type CaseContext, type Behaviour } from '../behaviour.js';
import { created, fresh, replaced } from '../tools.js';

async function expectNotification(
  { vfs, patienceMs }: CaseContext,
  path: string,
  verb: string,
  change: () => Promise<unknown>,
): Promise<void> {
  let notify: (notified: true) => void = () => undefined;
  const notified = new Promise<true>((resolve) => (notify = resolve));
  const stop = vfs.watch?.(path, () => {
    notify(true);
  });
  const timer = new AbortController();
  try {
    await change();
    const late = sleep(patienceMs, false, { signal: timer.signal }).catch(() => false);
    ok(await Promise.race([notified, late]), `${verb} ${path}: the watcher was not notified`);
  } finally {
    timer.abort();
    stop?.();
  }
}

/** Waiters need not poll if the store notifies them of changes. */
export const watching: readonly Behaviour[] = [
  {
    name: 'a watcher of a file is notified when it changes and when it disappears',
    needs: [WATCH, ...SWAPS],
    check: async (context) => {
      const { vfs, clients, path } = context;
      await vfs.write(path('folder/other'), fresh());
      const a = path('folder/a');
      const far = clients[clients.length - 1] ?? vfs;
      strictEqual(
        vfs.watch?.(a, () => undefined),
        undefined,
        'a file that is not there is watched',
      );
      const version = await created(far, a, fresh());
      await expectNotification(context, a, 'replace', () => replaced(far, a, version, fresh()));
      const next = (await vfs.read(a))?.version;
      ok(next);
      await expectNotification(context, a, 'remove', () => far.remove(a, next));
    },
  },
  {
    name: 'a watcher that stopped is not notified any more, while others still are',
    needs: [WATCH, ...SWAPS],
    check: async (context) => {
      const { vfs, path } = context;
      const a = path('a');
      const version = await created(vfs, a, fresh());
      let heard = 0;
      const stop = vfs.watch?.(a, () => (heard += 1));
      stop?.();
      stop?.();
      await expectNotification(context, a, 'replace', () => replaced(vfs, a, version, fresh()));
      strictEqual(heard, 0);
    },
  },
];
