import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';

import { REMOVE_FOLDER, SWAPS, type Behaviour } from '../behaviour.js';
import { bytes, created, filler, fresh, holds, listed, listsExactly } from '../tools.js';

const MANY = 300;

/** What `list` returns, and that nothing is left behind. */
export const folders: readonly Behaviour[] = [
  {
    name: 'list returns the files of one folder with their sizes and times, and not those of its subfolders',
    check: async ({ vfs, path }) => {
      for (const [name, size] of [
        ['in/a', 0],
        ['in/b c', 70_000],
        ['in/sub/deeper', 1],
        ['inner/x', 1],
        ['in.txt', 1],
        ['other', 1],
      ] as const) {
        await vfs.write(path(name), filler(size));
      }
      const entries = await listed(vfs, path('in'));
      deepStrictEqual(
        entries.map((entry) => [entry.path, entry.size]),
        [
          [path('in/a'), 0],
          [path('in/b c'), 70_000],
        ],
      );
      for (const entry of entries) {
        const stat = await vfs.stat(entry.path);
        const { resolutionMs } = vfs.capabilities.clock;
        ok(stat && Math.abs(entry.modifiedMs - stat.modifiedMs) <= resolutionMs, `${entry.path}: list and stat differ`);
      }
    },
  },
  {
    name: 'list includes all subfolders when asked to',
    check: async ({ vfs, path, folder }) => {
      const all = ['a', 'in/a', 'in/sub/a', 'in/sub/sub/a', 'inner/a'].map(path);
      for (const each of all) await vfs.write(each, bytes(each));
      await listsExactly(vfs, folder, all);
      await listsExactly(vfs, path('in'), ['in/a', 'in/sub/a', 'in/sub/sub/a'].map(path));
      const flat = await listed(vfs, folder);
      deepStrictEqual(
        flat.map((entry) => entry.path),
        [path('a')],
      );
    },
  },
  {
    name: `list returns each of ${String(MANY)} files once, and can be left early`,
    check: async ({ vfs, path, folder }) => {
      const all = Array.from({ length: MANY }, (_, index) => path(`many/file ${String(index)}`));
      await Promise.all(all.map((each) => vfs.write(each, bytes(''))));
      await listsExactly(vfs, folder, all);
      let seen = 0;
      for await (const entry of vfs.list(path('many'))) {
        ok(all.includes(entry.path));
        if ((seen += 1) === 3) break;
      }
      strictEqual(seen, 3);
    },
  },
  {
    name: 'a folder is removed where it is empty, and stays where something is in it',
    needs: [REMOVE_FOLDER],
    check: async ({ vfs, path }) => {
      await vfs.write(path('in/sub/a'), bytes('a'));
      strictEqual(await vfs.removeFolder?.(path('in/sub')), false);
      strictEqual(await vfs.removeFolder?.(path('in')), false);
      await holds(vfs, path('in/sub/a'), bytes('a'));
      await vfs.delete(path('in/sub/a'));
      strictEqual(await vfs.removeFolder?.(path('in/sub')), true);
      strictEqual(await vfs.removeFolder?.(path('in/sub')), false);
      strictEqual(await vfs.removeFolder?.(path('in')), true);
      await vfs.write(path('in'), bytes('a file'));
      await rejects(async () => vfs.removeFolder?.(path('in')));
      await holds(vfs, path('in'), bytes('a file'));
    },
  },
  {
    name: 'only the expected files are left behind, whether calls win, lose or race',
    needs: SWAPS,
    check: async ({ vfs, clients, path, folder, rounds }) => {
      for (let round = 0; round < Math.ceil(rounds / 5); round += 1) {
        const version = await created(vfs, path('a'), fresh());
        const rivals = clients.flatMap((client) => [
          ...[client.create(path('b'), fresh()), client.create(path('b'), fresh())],
          ...[client.replace(path('a'), version, fresh()), client.replace(path('a'), version, fresh())],
          ...[client.remove(path('a'), version), client.create(path('a'), fresh())],
          ...[client.read(path('a'), { clock: true }), client.write(path('c'), fresh()), client.delete(path('d'))],
        ]);
        await Promise.all(rivals);
        const kept = await vfs.read(path('a'));
        await listsExactly(vfs, folder, [...(kept ? [path('a')] : []), path('b'), path('c')]);
        for (const name of ['a', 'b', 'c']) await vfs.delete(path(name));
      }
      await listsExactly(vfs, folder, []);
    },
  },
];
