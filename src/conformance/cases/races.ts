import { setImmediate } from 'node:timers';
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';

import { SWAPS, WRITES, type CaseContext, type Behaviour } from '../behaviour.js';
import { bytes, created, found, fresh, sameBytes } from '../tools.js';
import type { Vfs } from '../../vfs/vfs.js';

const CONTENDERS = 8;

/** Throws if a contender must stop trying, because another one failed or because it made too many attempts. */
type CheckProgress = () => void;

/** Runs all contenders at the same time, each with its own client if there are enough. Throws the first error. */
async function runContenders<T>(
  { clients, rounds }: CaseContext,
  contend: (vfs: Vfs, contender: number, checkProgress: CheckProgress) => Promise<T>,
): Promise<readonly T[]> {
  const failures: unknown[] = [];
  const runs = Array.from({ length: CONTENDERS }, async (_, contender) => {
    let tries = 0;
    const checkProgress = (): void => {
      ok((tries += 1) <= rounds * 1000, 'a contender never wins');
      ok(failures.length === 0, 'another contender failed');
    };
    const client = clients[contender % clients.length];
    ok(client);
    return contend(client, contender, checkProgress).catch((error: unknown) => {
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

/** However many try at the same time, exactly one wins. */
export const races: readonly Behaviour[] = [
  {
    name: 'of many clients that create one file at once exactly one wins, and the file has its content',
    needs: WRITES,
    check: async (context) => {
      for (let round = 0; round < context.rounds; round += 1) {
        const path = context.path(`round-${String(round)}`);
        const offers = Array.from({ length: CONTENDERS }, fresh);
        const results = await runContenders(context, (vfs, who) => vfs.create(path, offers[who] ?? fresh()));
        const winner = onlyWinner(results, (written) => written !== undefined, `round ${String(round)}`);
        const snapshot = await found(context.vfs, path);
        sameBytes(snapshot.data, offers[winner] ?? fresh(), path);
        strictEqual(snapshot.version, results[winner]?.version);
      }
    },
  },
  {
    name: 'of many clients that replace one version at once exactly one wins, and the file has its content',
    needs: WRITES,
    check: async (context) => {
      const path = context.path('a');
      let version = await created(context.vfs, path, fresh());
      for (let round = 0; round < context.rounds; round += 1) {
        const offers = Array.from({ length: CONTENDERS }, fresh);
        const results = await runContenders(context, (vfs, who) => vfs.replace(path, version, offers[who] ?? fresh()));
        const winner = onlyWinner(results, (written) => written !== undefined, `round ${String(round)}`);
        const snapshot = await found(context.vfs, path);
        sameBytes(snapshot.data, offers[winner] ?? fresh(), path);
        strictEqual(snapshot.version, results[winner]?.version);
        version = snapshot.version;
      }
    },
  },
  {
    name: 'of many clients that remove one version at once exactly one wins',
    needs: SWAPS,
    check: async (context) => {
      const path = context.path('a');
      for (let round = 0; round < context.rounds; round += 1) {
        const version = await created(context.vfs, path, fresh());
        const results = await runContenders(context, (vfs) => vfs.remove(path, version));
        onlyWinner(results, (removed) => removed, `round ${String(round)}`);
        strictEqual(await context.vfs.read(path), undefined);
      }
    },
  },
  {
    name: 'of clients that replace and clients that remove one version at once exactly one wins, and only its change is visible',
    needs: SWAPS,
    check: async (context) => {
      for (let round = 0; round < context.rounds; round += 1) {
        const path = context.path(`round-${String(round)}`);
        const version = await created(context.vfs, path, fresh());
        const offers = Array.from({ length: CONTENDERS }, fresh);
        const results = await runContenders(context, async (vfs, who) =>
          (who + round) % 2 === 0
            ? (await vfs.replace(path, version, offers[who] ?? fresh())) !== undefined
            : vfs.remove(path, version),
        );
        const winner = onlyWinner(results, (won) => won, `round ${String(round)}`);
        const snapshot = await context.vfs.read(path);
        if ((winner + round) % 2 === 1) strictEqual(snapshot, undefined);
        else sameBytes(snapshot?.data ?? bytes(''), offers[winner] ?? fresh(), path);
      }
    },
  },
  {
    name: 'clients that increment a counter in one file by read and replace lose no increment',
    needs: WRITES,
    check: async (context) => {
      const path = context.path('count');
      const each = Math.ceil(context.rounds / 5);
      await created(context.vfs, path, bytes('0 by nobody'));
      await runContenders(context, async (vfs, who, checkProgress) => {
        for (let counted = 0; counted < each;) {
          checkProgress();
          const { data, version } = await found(vfs, path);
          const next = parseInt(Buffer.from(data).toString()) + 1;
          if (await vfs.replace(path, version, bytes(`${String(next)} by ${String(who)}`))) counted += 1;
        }
      });
      const { data } = await found(context.vfs, path);
      strictEqual(parseInt(Buffer.from(data).toString()), CONTENDERS * each);
    },
  },
  {
    name: 'of clients that create a file, work and remove it by its version never two work at once',
    needs: SWAPS,
    check: async (context) => {
      const path = context.path('lock');
      const each = Math.ceil(context.rounds / 5);
      const atWork = new Set<number>();
      await runContenders(context, async (vfs, who, checkProgress) => {
        for (let turns = 0; turns < each;) {
          checkProgress();
          const written = await vfs.create(path, fresh());
          if (written) {
            deepStrictEqual([...atWork], [], `client ${String(who)} works while others do`);
            atWork.add(who);
            await new Promise(setImmediate);
            atWork.delete(who);
            ok(await vfs.remove(path, written.version), 'remove of a file that nobody else may change: was lost');
            turns += 1;
          }
          await new Promise(setImmediate);
        }
      });
    },
  },
];
