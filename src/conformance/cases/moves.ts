import { ok, strictEqual } from 'node:assert/strict';

import { ATOMIC_MOVE, type Behaviour } from '../behaviour.js';
import { readMeanwhile } from './readers.js';
import type { Stat } from '../../vfs/vfs.js';
import { absent, bytes, filler, holds, listed, listsExactly, refusal } from '../tools.js';

const CONTENDERS = 8;

/** A file is moved to another path, and nothing is lost. */
export const moves: readonly Behaviour[] = [
  {
    name: 'move moves a file unchanged to a free path, and creates folders as needed',
    check: async ({ vfs, path, folder }) => {
      for (const [size, target] of [
        [0, 'b'],
        [10, 'x/y/b'],
        [1_048_576, 'x/y/c'],
      ] as const) {
        await vfs.write(path('a'), filler(size));
        await vfs.move(path('a'), path(target));
        await absent(vfs, path('a'));
        await holds(vfs, path(target), filler(size));
      }
      await listsExactly(vfs, folder, ['b', 'x/y/b', 'x/y/c'].map(path));
    },
  },
  {
    name: 'move refuses a path that is taken, and both files stay as they are',
    check: async ({ vfs, path, folder }) => {
      await vfs.write(path('a'), bytes('a'));
      for (const taken of [bytes('b'), bytes(''), bytes('a')]) {
        await vfs.write(path('b'), taken);
        const error = await refusal('move', () => vfs.move(path('a'), path('b')), ['ERR_VFS_EXISTS']);
        strictEqual(error.effect, 'none');
        await holds(vfs, path('a'), bytes('a'));
        await holds(vfs, path('b'), taken);
      }
      await listsExactly(vfs, folder, ['a', 'b'].map(path));
    },
  },
  {
    name: 'move onto itself is refused, and the file stays',
    check: async ({ vfs, path }) => {
      await vfs.write(path('a'), bytes('a'));
      await refusal('move', () => vfs.move(path('a'), path('a')), ['ERR_VFS_EXISTS']);
      await holds(vfs, path('a'), bytes('a'));
    },
  },
  {
    name: 'move of a file that does not exist fails, and creates none',
    check: async ({ vfs, path, folder }) => {
      const error = await refusal('move', () => vfs.move(path('nothing'), path('b')), ['ERR_VFS_NOT_FOUND']);
      strictEqual(error.effect, 'none');
      await listsExactly(vfs, folder, []);
    },
  },
  {
    name: 'move moves a file that is as it was seen, and refuses one that has changed since',
    check: async ({ vfs, path, folder }) => {
      await vfs.write(path('a'), bytes('first'));
      const first = await vfs.stat(path('a'));
      await vfs.write(path('a'), bytes('another'));
      const move = (ifUnchanged: Stat | undefined) => vfs.move(path('a'), path('b'), { ifUnchanged });
      const error = await refusal('move', () => move(first), ['ERR_VFS_CHANGED']);
      strictEqual(error.effect, 'none');
      await holds(vfs, path('a'), bytes('another'));
      await absent(vfs, path('b'));
      await move(await vfs.stat(path('a')));
      await holds(vfs, path('b'), bytes('another'));
      await listsExactly(vfs, folder, [path('b')]);
    },
  },
  {
    name: 'of many files moved to one path at once one succeeds, and the others stay where they are',
    check: async ({ vfs, clients, path, folder, rounds }) => {
      for (let round = 0; round < Math.ceil(rounds / 5); round += 1) {
        const sources = Array.from({ length: CONTENDERS }, (_, who) => path(`source ${String(who)}`));
        const target = path(`target ${String(round)}`);
        for (const source of sources) await vfs.write(source, bytes(source));
        const results = await Promise.allSettled(
          sources.map((source, who) => (clients[who % clients.length] ?? vfs).move(source, target)),
        );
        const winners = sources.filter((_, who) => results[who]?.status === 'fulfilled');
        strictEqual(winners.length, 1, `round ${String(round)}: ${String(winners.length)} succeeded`);
        await holds(vfs, target, bytes(winners[0] ?? ''));
        for (const source of sources) {
          if (source === winners[0]) await absent(vfs, source);
          else await holds(vfs, source, bytes(source));
        }
        await vfs.delete(target);
      }
      const left = await listed(vfs, folder, { recursive: true });
      strictEqual(left.length, CONTENDERS - 1);
    },
  },
  {
    name: 'of many clients that move one file to different paths one succeeds, and there is one file',
    needs: [ATOMIC_MOVE],
    check: async ({ vfs, clients, path, folder, rounds }) => {
      for (let round = 0; round < rounds; round += 1) {
        const source = path('source');
        await vfs.write(source, bytes(`round ${String(round)}`));
        const targets = Array.from({ length: CONTENDERS }, (_, who) => path(`target ${String(who)}`));
        const results = await Promise.allSettled(
          targets.map((target, who) => (clients[who % clients.length] ?? vfs).move(source, target)),
        );
        const winners = targets.filter((_, who) => results[who]?.status === 'fulfilled');
        strictEqual(winners.length, 1, `round ${String(round)}: ${String(winners.length)} say that they moved it`);
        await listsExactly(vfs, folder, winners);
        await holds(vfs, winners[0] ?? '', bytes(`round ${String(round)}`));
        await vfs.delete(winners[0] ?? '');
      }
    },
  },
  {
    name: 'readers see a moved file whole or not at all at its new path',
    needs: [ATOMIC_MOVE],
    check: async (context) => {
      const { vfs, path, rounds } = context;
      const data = filler(300_000);
      const wholeOrAbsent = (seen: Uint8Array | undefined): void => {
        if (seen) ok(Buffer.from(seen).equals(data), 'a reader saw part of a file');
      };
      for (let round = 0; round < Math.ceil(rounds / 5); round += 1) {
        await vfs.write(path('a'), data);
        await readMeanwhile(context, path('b'), wholeOrAbsent, () => vfs.move(path('a'), path('b')));
        await holds(vfs, path('b'), data);
        await vfs.delete(path('b'));
      }
    },
  },
];
