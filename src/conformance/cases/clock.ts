import { performance } from 'node:perf_hooks';
import { ok, strictEqual } from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { CLOCK, NO_CLOCK, type CaseContext, type Behaviour } from '../behaviour.js';
import { fresh, found } from '../tools.js';

const PAUSE_MS = 100;

/** The age of a file according to the store. */
async function ageMs({ vfs, path }: CaseContext): Promise<number> {
  const { nowMs, modifiedMs } = await found(vfs, path('a'), { clock: true });
  ok(nowMs !== undefined, 'the store has a clock, but returned no time when asked');
  ok(Number.isFinite(nowMs) && Number.isFinite(modifiedMs), `times of ${String(nowMs)} and ${String(modifiedMs)}`);
  return nowMs - modifiedMs;
}

/** Modification times and the current time come from the same clock, the store's. */
export const clock: readonly Behaviour[] = [
  {
    name: 'no file has a modification time in the future of the store’s clock',
    needs: [CLOCK],
    check: async (context) => {
      const { resolutionMs } = context.vfs.capabilities.clock;
      for (let round = 0; round < 5; round += 1) {
        await context.vfs.write(context.path('a'), fresh());
        const age = await ageMs(context);
        ok(
          age >= -resolutionMs,
          `modified ${String(-age)} ms in the future, with a resolution of ${String(resolutionMs)} ms`,
        );
      }
    },
  },
  {
    name: 'a file ages as time passes, within the resolution of the clock',
    needs: [CLOCK],
    check: async (context) => {
      const { resolutionMs } = context.vfs.capabilities.clock;
      const before = performance.now();
      await context.vfs.write(context.path('a'), fresh());
      const written = performance.now();
      await sleep(PAUSE_MS + resolutionMs);
      const least = performance.now() - written;
      const age = await ageMs(context);
      const most = performance.now() - before;
      // The two clocks do not run at exactly the same speed.
      const slack = resolutionMs + 1 + most / 100;
      ok(age >= least - slack, `reported as ${String(age)} ms old after at least ${String(least)} ms`);
      ok(age <= most + slack, `reported as ${String(age)} ms old after at most ${String(most)} ms`);
    },
  },
  {
    name: 'a file that is written again has a later modification time',
    needs: [CLOCK],
    check: async (context) => {
      const { resolutionMs } = context.vfs.capabilities.clock;
      await context.vfs.write(context.path('a'), fresh());
      const first = await found(context.vfs, context.path('a'));
      await sleep(PAUSE_MS + 2 * resolutionMs);
      await context.vfs.write(context.path('a'), fresh());
      const second = await found(context.vfs, context.path('a'));
      ok(second.modifiedMs > first.modifiedMs, 'a later write has no later modification time');
    },
  },
  {
    name: 'stat and read return the same modification time',
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
    name: 'a store without a clock returns no time even when asked',
    needs: [NO_CLOCK],
    check: async ({ vfs, path }) => {
      await vfs.write(path('a'), fresh());
      strictEqual((await found(vfs, path('a'), { clock: true })).nowMs, undefined);
    },
  },
];
