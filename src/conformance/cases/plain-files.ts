import { ok, strictEqual } from 'node:assert/strict';

import type { Behaviour } from '../behaviour.js';
import { absent, bytes, filler, found, holds, listsExactly, sameBytes } from '../tools.js';

/** The operations `stat`, `write` and `delete`. */
export const plainFiles: readonly Behaviour[] = [
  {
    name: 'stat returns the size and the time of a file, and undefined where none is',
    check: async ({ vfs, path }) => {
      strictEqual(await vfs.stat(path('a')), undefined);
      strictEqual(await vfs.stat(path('no/such/folder/a')), undefined);
      for (const size of [0, 1, 200_000]) {
        await vfs.write(path('a'), filler(size));
        const stat = await vfs.stat(path('a'));
        strictEqual(stat?.size, size);
        ok(Number.isFinite(stat.modifiedMs), `modified at ${String(stat.modifiedMs)}`);
      }
    },
  },
  {
    name: 'write creates the folders that it needs, and replaces an existing file completely',
    check: async ({ vfs, path }) => {
      await vfs.write(path('x/y/z/a'), filler(200_000));
      await holds(vfs, path('x/y/z/a'), filler(200_000));
      await vfs.write(path('x/y/z/a'), bytes('short'));
      await holds(vfs, path('x/y/z/a'), bytes('short'));
      await vfs.write(path('x/y/z/a'), bytes(''));
      await holds(vfs, path('x/y/z/a'), bytes(''));
    },
  },
  {
    name: 'many writes of one file at once leave one of them, whole',
    check: async ({ vfs, clients, path, folder }) => {
      const offers = Array.from({ length: 8 }, (_, who) => Buffer.alloc(50_000 + who, who));
      await Promise.all(offers.map((data, who) => (clients[who % clients.length] ?? vfs).write(path('a'), data)));
      const { data } = await found(vfs, path('a'));
      sameBytes(data, offers[data.byteLength - 50_000] ?? bytes(''), path('a'));
      await listsExactly(vfs, folder, [path('a')]);
    },
  },
  {
    name: 'delete deletes a file and returns whether there was one',
    check: async ({ vfs, path, folder }) => {
      strictEqual(await vfs.delete(path('a')), false);
      strictEqual(await vfs.delete(path('no/such/folder/a')), false);
      await vfs.write(path('a'), bytes('a'));
      await vfs.write(path('ab'), bytes('ab'));
      strictEqual(await vfs.delete(path('a')), true);
      strictEqual(await vfs.delete(path('a')), false);
      await absent(vfs, path('a'));
      await listsExactly(vfs, folder, [path('ab')]);
    },
  },
];
