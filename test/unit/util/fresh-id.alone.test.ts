import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type * as FreshId from '../../../src/util/fresh-id.js';

const drawn = vi.hoisted((): number[] => []);

// A machine whose clones all draw the same numbers.
vi.mock('node:crypto', async (original) => ({
  ...(await original<object>()),
  randomFillSync: (bytes: Uint8Array) => {
    drawn.push(bytes.length);
    return bytes.fill(7);
  },
}));

beforeEach(() => {
  drawn.length = 0;
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** This library in one more process, or in one more clone of a machine: it has drawn nothing yet. */
async function newProcess(): Promise<typeof FreshId> {
  vi.resetModules();
  return import('../../../src/util/fresh-id.js');
}

/** Replaces the clocks and the pid, which tell clones apart. They stand still until the test sets them. */
function frozen(): { monotonic: [number, number]; wallMs: number; pid: number } {
  const now: ReturnType<typeof frozen> = { monotonic: [1000, 0], wallMs: 1_700_000_000_000, pid: 7 };
  vi.spyOn(process, 'hrtime').mockImplementation(() => now.monotonic);
  vi.spyOn(Date, 'now').mockImplementation(() => now.wallMs);
  vi.spyOn(process, 'pid', 'get').mockImplementation(() => now.pid);
  return now;
}

it('B18: ids are made when they are needed, none is kept in store, and equal random numbers give different ids', async () => {
  const { freshId, twoFreshIds } = await newProcess();
  expect(drawn).toEqual([]);
  const ids = [...Array.from({ length: 100 }, freshId), ...Array.from({ length: 100 }, twoFreshIds).flat()];
  expect(new Set(ids).size).toBe(300);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
});

it('B18: ids differ although no clock has gone on', async () => {
  frozen();
  const { freshId, twoFreshIds } = await newProcess();
  const ids = [...Array.from({ length: 100 }, freshId), ...Array.from({ length: 100 }, twoFreshIds).flat()];
  expect(new Set(ids).size).toBe(300);
});

it('B18: clones that have the same random numbers and have made as many ids make different ones', async () => {
  const [one, other] = [await newProcess(), await newProcess()];
  const now = frozen();
  const idAt = ({ freshId }: typeof FreshId, nanoseconds: number, wallMs: number, pid: number): string => {
    Object.assign(now, { monotonic: [1000, nanoseconds], wallMs, pid });
    return freshId();
  };
  // The proof that they are clones.
  expect(idAt(one, 0, 0, 7)).toBe(idAt(other, 0, 0, 7));
  expect(idAt(one, 1, 0, 7)).not.toBe(idAt(other, 2, 0, 7));
  expect(idAt(one, 1, 0, 7)).not.toBe(idAt(other, 1, 5, 7));
  expect(idAt(one, 1, 0, 7)).not.toBe(idAt(other, 1, 0, 8));
  expect(idAt(one, 1, 0, 7)).toBe(idAt(other, 1, 0, 7));
});

it('B18: no random number is older than a second, also where a process goes on from a snapshot of another machine', async () => {
  const { freshId } = await newProcess();
  const now = frozen();
  freshId();
  now.monotonic = [1000, 999_999_999];
  freshId();
  expect(drawn).toEqual([32]);
  now.monotonic = [1001, 0];
  freshId();
  expect(drawn).toEqual([32, 32]);
  now.monotonic = [7, 0];
  freshId();
  expect(drawn).toEqual([32, 32, 32]);
});
