import { ok, strictEqual } from 'node:assert/strict';

import { ATOMIC_MOVE, type Behaviour } from '../behaviour.js';
import { watched } from './readers.js';
import { absent, bytes, filler, holds, listed, listsExactly, refusal } from '../tools.js';

const CONTENDERS = 8;

/** A file goes to another place, and nothing is lost. */
export const moves: readonly Behaviour[] = [
  {
    name: 'move takes a file as it is to a place that is free, making folders as needed',
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
    name: 'move refuses a place that is taken, and both files stay as they are',
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
    name: 'move of no file fails, and makes none',
    check: async ({ vfs, path, folder }) => {
      const error = await refusal('move', () => vfs.move(path('nothing'), path('b')), ['ERR_VFS_NOT_FOUND']);
      strictEqual(error.effect, 'none');
      await listsExactly(vfs, folder, []);
    },
  },
  {
    name: 'of many files moved to one place at once one gets there, and the others stay where they are',
    check: async ({ vfs, doors, path, folder, rounds }) => {
      for (let round = 0; round < Math.ceil(rounds / 5); round += 1) {
        const sources = Array.from({ length: CONTENDERS }, (_, who) => path(`source ${String(who)}`));
        const target = path(`target ${String(round)}`);
        for (const source of sources) await vfs.write(source, bytes(source));
        const results = await Promise.allSettled(
          sources.map((source, who) => (doors[who % doors.length] ?? vfs).move(source, target)),
        );
        const winners = sources.filter((_, who) => results[who]?.status === 'fulfilled');
        strictEqual(winners.length, 1, `round ${String(round)}: ${String(winners.length)} got there`);
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
    name: 'of many who move one file to places of their own one succeeds, and there is one file',
    needs: [ATOMIC_MOVE],
    check: async ({ vfs, doors, path, folder, rounds }) => {
      for (let round = 0; round < rounds; round += 1) {
        const source = path('source');
        await vfs.write(source, bytes(`round ${String(round)}`));
        const targets = Array.from({ length: CONTENDERS }, (_, who) => path(`target ${String(who)}`));
        const results = await Promise.allSettled(
          targets.map((target, who) => (doors[who % doors.length] ?? vfs).move(source, target)),
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
    name: 'a file on the move is seen whole or not at all where it goes',
    needs: [ATOMIC_MOVE],
    check: async (arena) => {
      const { vfs, path, rounds } = arena;
      const data = filler(300_000);
      const wholeOrAbsent = (seen: Uint8Array | undefined): void => {
        if (seen) ok(Buffer.from(seen).equals(data), 'a reader saw part of a file');
      };
      for (let round = 0; round < Math.ceil(rounds / 5); round += 1) {
        await vfs.write(path('a'), data);
        await watched(arena, path('b'), wholeOrAbsent, () => vfs.move(path('a'), path('b')));
        await holds(vfs, path('b'), data);
        await vfs.delete(path('b'));
      }
    },
  },
];
