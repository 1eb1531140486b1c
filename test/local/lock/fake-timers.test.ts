import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { Lockfile, withLock } from '../../../src/index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-fake-timers-'));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  rmSync(folder, { recursive: true });
});

it('B1: a lock that was taken under fake timers does not stop the locks of this process afterwards', async () => {
  const file = join(folder, 'data.csv');
  vi.useFakeTimers();
  expect(await withLock(file, () => 'first')).toBe('first');
  vi.useRealTimers();
  for (let round = 0; round < 50; round += 1) {
    expect(await withLock(file, () => round, { wait: '1m' })).toBe(round);
  }
});

it('B1: many locks are taken while fake timers stand still', async () => {
  vi.useFakeTimers();
  const locks = Array.from({ length: 50 }, (_each, i) => withLock(join(folder, `${String(i)}.csv`), () => i));
  expect(await Promise.all(locks)).toHaveLength(50);
});

it('B2: a lock is held and released where timers are numbers', async () => {
  const timers = new Map<number, NodeJS.Timeout>();
  const { setTimeout: start, clearTimeout: stop } = globalThis;
  vi.stubGlobal('setTimeout', (work: () => void, ms?: number) => {
    timers.set(timers.size + 1, start(work, ms).unref());
    return timers.size;
  });
  vi.stubGlobal('clearTimeout', (id?: number) => {
    stop(timers.get(id ?? 0));
  });
  const lock = await Lockfile.open(join(folder, 'data.csv'));
  await lock.acquire({ wait: '1m' });
  expect(timers.size).toBeGreaterThan(0);
  expect(lock.held).toBe(true);
  expect(await lock.release()).toBe(true);
});
