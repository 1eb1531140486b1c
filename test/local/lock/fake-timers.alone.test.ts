import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { lock, withLock } from '../../../src/index.js';
import { realTime } from '../../../src/util/time.js';

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

it('B1: the time of the library goes on while fake timers stand still', async () => {
  vi.useFakeTimers();
  const file = join(folder, 'data.csv');
  const held = await lock(file, { ttl: 200 });
  await expect(withLock(file, () => 1, { wait: 50 })).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
  await until(() => (held.record?.renewals ?? 0) > 0);
  expect(held.held).toBe(true);
});

it('B1: and also where they were installed before the library was loaded', async () => {
  vi.useFakeTimers();
  vi.resetModules();
  const { withLock } = await import('../../../src/index.js');
  const { wallMs } = await import('../../../src/util/time.js');
  const startedMs = wallMs();
  await until(() => wallMs() > startedMs);
  expect(await withLock(join(folder, 'data.csv'), () => 'done')).toBe('done');
});

it('B1: the mock timers of node:test stand still without the library', async () => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] });
  try {
    const held = await lock(join(folder, 'data.csv'), { ttl: 200 });
    await until(() => (held.record?.renewals ?? 0) > 0);
    expect(await held.release()).toBe(true);
  } finally {
    mock.timers.reset();
  }
});

it('B2: a window has other timers, and lacks what Node has', async () => {
  let timers = 0;
  vi.stubGlobal('setTimeout', () => (timers += 1));
  vi.stubGlobal('clearTimeout', () => undefined);
  for (const name of ['setImmediate', 'setInterval', 'performance', 'TextDecoder', 'queueMicrotask']) {
    vi.stubGlobal(name, undefined);
  }
  vi.stubGlobal('AbortSignal', { ...AbortSignal });
  const file = join(folder, 'data.csv');
  const held = await lock(file, { wait: '1m', ttl: 200 });
  await expect(lock(file, { wait: 20 })).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
  await until(() => (held.record?.renewals ?? 0) > 0);
  expect([held.held, timers]).toEqual([true, 0]);
  expect(await held.release()).toBe(true);
});

/** Waits by a timer that nobody has replaced. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => realTime.setTimeout(() => resolve(undefined), 5));
}
