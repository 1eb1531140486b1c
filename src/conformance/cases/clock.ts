import { ok, strictEqual } from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { CLOCK, NO_CLOCK, type Arena, type Behaviour } from '../behaviour.js';
import { fresh, found } from '../tools.js';

const PAUSE_MS = 100;

/** How old the store says a file is. */
async function ageMs({ vfs, path }: Arena): Promise<number> {
  const { nowMs, modifiedMs } = await found(vfs, path('a'), { clock: true });
  ok(nowMs !== undefined, 'the store has a clock and was asked, but tells no time');
  ok(Number.isFinite(nowMs) && Number.isFinite(modifiedMs), `times of ${String(nowMs)} and ${String(modifiedMs)}`);
  return nowMs - modifiedMs;
}

/** Modification times and the present are of one clock: the store's. */
export const clock: readonly Behaviour[] = [
  {
    name: 'a file was never modified after the present, both by the clock of the store',
    needs: [CLOCK],
    check: async (arena) => {
      const { resolutionMs } = arena.vfs.capabilities.clock;
      for (let round = 0; round < 5; round += 1) {
        await arena.vfs.write(arena.path('a'), fresh());
        const age = await ageMs(arena);
        ok(
          age >= -resolutionMs,
          `modified ${String(-age)} ms in the future, with a grain of ${String(resolutionMs)} ms`,
        );
      }
    },
  },
  {
    name: 'a file gets as old as the time that passes, within the grain of the clock',
    needs: [CLOCK],
    check: async (arena) => {
      const { resolutionMs } = arena.vfs.capabilities.clock;
      const before = performance.now();
      await arena.vfs.write(arena.path('a'), fresh());
      const written = performance.now();
      await sleep(PAUSE_MS + resolutionMs);
      const least = performance.now() - written;
      const age = await ageMs(arena);
      const most = performance.now() - before;
      // Neither clock is quite steady against the other.
      const slack = resolutionMs + 1 + most / 100;
      ok(age >= least - slack, `said to be ${String(age)} ms old after at least ${String(least)} ms`);
      ok(age <= most + slack, `said to be ${String(age)} ms old after at most ${String(most)} ms`);
    },
  },
  {
    name: 'a file is young again once it was written again',
    needs: [CLOCK],
    check: async (arena) => {
      const { resolutionMs } = arena.vfs.capabilities.clock;
      await arena.vfs.write(arena.path('a'), fresh());
      const first = await found(arena.vfs, arena.path('a'));
      await sleep(PAUSE_MS + 2 * resolutionMs);
      await arena.vfs.write(arena.path('a'), fresh());
      const second = await found(arena.vfs, arena.path('a'));
      ok(second.modifiedMs > first.modifiedMs, 'a later write is no later modification');
    },
  },
  {
    name: 'stat and read tell the same modification time',
    check: async ({ vfs, path }) => {
      const { resolutionMs } = vfs.capabilities.clock;
      await vfs.write(path('a'), fresh());
      const stat = await vfs.stat(path('a'));
      const { modifiedMs } = await found(vfs, path('a'));
      ok(stat);
      ok(
        Math.abs(stat.modifiedMs - modifiedMs) <= resolutionMs,
        `${String(stat.modifiedMs)} and ${String(modifiedMs)}`,
      );
    },
  },
  {
    name: 'a store without a clock tells no time even when asked',
    needs: [NO_CLOCK],
    check: async ({ vfs, path }) => {
      await vfs.write(path('a'), fresh());
      strictEqual((await found(vfs, path('a'), { clock: true })).nowMs, undefined);
    },
  },
];
