import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';

import { SWAPS, WRITES, type Arena, type Behaviour } from '../behaviour.js';
import { bytes, created, found, fresh, sameBytes } from '../tools.js';
import type { Vfs } from '../../vfs/vfs.js';

const CONTENDERS = 8;

/** Throws when a contender that tries again and again should give up: another one failed, or it never gets anywhere. */
type GoOn = () => void;

/** Lets all contenders run at once, each through a door of its own where there are enough. Throws what failed first. */
async function everybody<T>(
  { doors, rounds }: Arena,
  contend: (vfs: Vfs, contender: number, goOn: GoOn) => Promise<T>,
): Promise<readonly T[]> {
  const failures: unknown[] = [];
  const runs = Array.from({ length: CONTENDERS }, async (_, contender) => {
    let tries = 0;
    const goOn = (): void => {
      ok((tries += 1) <= rounds * 1000, 'a contender never wins');
      ok(failures.length === 0, 'another contender failed');
    };
    const door = doors[contender % doors.length];
    ok(door);
    return contend(door, contender, goOn).catch((error: unknown) => {
      failures.push(error);
      throw error;
    });
  });
  const settled = await Promise.allSettled(runs);
  if (failures.length > 0) throw failures[0];
  return settled.flatMap((run) => (run.status === 'fulfilled' ? [run.value] : []));
}

const onlyWinner = <T>(results: readonly T[], won: (result: T) => boolean, what: string): number => {
  const winners = results.flatMap((result, index) => (won(result) ? [index] : []));
  strictEqual(winners.length, 1, `${what}: ${String(winners.length)} of ${String(results.length)} won`);
  return winners[0] ?? -1;
};

/** However many try at once, one wins. */
export const races: readonly Behaviour[] = [
  {
    name: 'of many who create one file at once exactly one wins, and its content stands',
    needs: WRITES,
    check: async (arena) => {
      for (let round = 0; round < arena.rounds; round += 1) {
        const path = arena.path(`round-${String(round)}`);
        const offers = Array.from({ length: CONTENDERS }, fresh);
        const results = await everybody(arena, (vfs, who) => vfs.create(path, offers[who] ?? fresh()));
        const winner = onlyWinner(results, (written) => written !== undefined, `round ${String(round)}`);
        const snapshot = await found(arena.vfs, path);
        sameBytes(snapshot.data, offers[winner] ?? fresh(), path);
        strictEqual(snapshot.version, results[winner]?.version);
      }
    },
  },
  {
    name: 'of many who replace one version at once exactly one wins, and its content stands',
    needs: WRITES,
    check: async (arena) => {
      const path = arena.path('a');
      let version = await created(arena.vfs, path, fresh());
      for (let round = 0; round < arena.rounds; round += 1) {
        const offers = Array.from({ length: CONTENDERS }, fresh);
        const results = await everybody(arena, (vfs, who) => vfs.replace(path, version, offers[who] ?? fresh()));
        const winner = onlyWinner(results, (written) => written !== undefined, `round ${String(round)}`);
        const snapshot = await found(arena.vfs, path);
        sameBytes(snapshot.data, offers[winner] ?? fresh(), path);
        strictEqual(snapshot.version, results[winner]?.version);
        version = snapshot.version;
      }
    },
  },
  {
    name: 'of many who remove one version at once exactly one wins',
    needs: SWAPS,
    check: async (arena) => {
      const path = arena.path('a');
      for (let round = 0; round < arena.rounds; round += 1) {
        const version = await created(arena.vfs, path, fresh());
        const results = await everybody(arena, (vfs) => vfs.remove(path, version));
        onlyWinner(results, (removed) => removed, `round ${String(round)}`);
        strictEqual(await arena.vfs.read(path), undefined);
      }
    },
  },
  {
    name: 'of those who replace and those who remove one version at once exactly one wins, and only its act is seen',
    needs: SWAPS,
    check: async (arena) => {
      for (let round = 0; round < arena.rounds; round += 1) {
        const path = arena.path(`round-${String(round)}`);
        const version = await created(arena.vfs, path, fresh());
        const offers = Array.from({ length: CONTENDERS }, fresh);
        const results = await everybody(arena, async (vfs, who) =>
          (who + round) % 2 === 0
            ? (await vfs.replace(path, version, offers[who] ?? fresh())) !== undefined
            : vfs.remove(path, version),
        );
        const winner = onlyWinner(results, (won) => won, `round ${String(round)}`);
        const snapshot = await arena.vfs.read(path);
        if ((winner + round) % 2 === 1) strictEqual(snapshot, undefined);
        else sameBytes(snapshot?.data ?? bytes(''), offers[winner] ?? fresh(), path);
      }
    },
  },
  {
    name: 'rivals who count up in one file by reading and replacing lose no count',
    needs: WRITES,
    check: async (arena) => {
      const path = arena.path('count');
      const each = Math.ceil(arena.rounds / 5);
      await created(arena.vfs, path, bytes('0 by nobody'));
      await everybody(arena, async (vfs, who, goOn) => {
        for (let counted = 0; counted < each;) {
          goOn();
          const { data, version } = await found(vfs, path);
          const next = parseInt(Buffer.from(data).toString()) + 1;
          if (await vfs.replace(path, version, bytes(`${String(next)} by ${String(who)}`))) counted += 1;
        }
      });
      const { data } = await found(arena.vfs, path);
      strictEqual(parseInt(Buffer.from(data).toString()), CONTENDERS * each);
    },
  },
  {
    name: 'rivals who create a file, work and remove it by its version are never two at work',
    needs: SWAPS,
    check: async (arena) => {
      const path = arena.path('lock');
      const each = Math.ceil(arena.rounds / 5);
      const atWork = new Set<number>();
      await everybody(arena, async (vfs, who, goOn) => {
        for (let turns = 0; turns < each;) {
          goOn();
          const written = await vfs.create(path, fresh());
          if (written) {
            deepStrictEqual([...atWork], [], `${String(who)} got what others have`);
            atWork.add(who);
            await new Promise(setImmediate);
            atWork.delete(who);
            ok(await vfs.remove(path, written.version), 'remove of what nobody else may change: was lost');
            turns += 1;
          }
          await new Promise(setImmediate);
        }
      });
    },
  },
];
