import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';

import type * as Package from '../../../src/index.js';
import { memVfs } from '../../../src/backends/mem/index.js';
import { lock, LockTimeoutError, VfsError, VfsFile, withLock } from '../../../src/index.js';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe('B19: two copies of this package in one process', () => {
  let other: typeof Package;
  beforeAll(async () => {
    vi.resetModules();
    other = await import('../../../src/index.js');
  });

  it('take files of each other, and exclude each other', async () => {
    const file = new VfsFile(memVfs(), 'data.csv');
    expect([other.VfsFile === VfsFile, file instanceof other.VfsFile]).toEqual([false, true]);
    await withLock(file, async () => {
      const held = other.withLock(file, () => 1, { wait: 0 });
      await expect(held).rejects.toMatchObject({ code: 'ERR_LOCK_HELD' });
    });
    expect(await other.withLock(file, () => 2, { wait: 0 })).toBe(2);
  });

  it('know the errors of each other, and which failures changed nothing', async () => {
    const denied = new VfsError('ERR_VFS_DENIED', 'no permission');
    expect([denied instanceof other.VfsError, other.effectOf(denied)]).toEqual([true, 'none']);
    const vfs = memVfs();
    vi.spyOn(vfs, 'create').mockRejectedValue(denied);
    await expect(other.withLock(new VfsFile(vfs, 'data.csv'), () => 1, { wait: 200 })).rejects.toBe(denied);
  });

  it('tell subclasses apart', () => {
    class Special extends VfsError {}
    const [special, plain] = [new Special('ERR_VFS_IO', 'special'), new VfsError('ERR_VFS_IO', 'plain')];
    expect([special, plain].map((error) => error instanceof Special)).toEqual([true, false]);
    expect([null, undefined, {}, 'x', new Error('x')].some((value) => value instanceof VfsError)).toBe(false);
  });
});

it('B20: one signal for 60 waiters is no leak of listeners', async () => {
  const warned = vi.spyOn(process, 'emitWarning').mockReturnValue();
  const file = new VfsFile(memVfs(), 'data.csv');
  await using held = await lock(file);
  const stop = new AbortController();
  const { signal } = stop;
  const waiters = Array.from({ length: 60 }, () => lock(file, { signal, wait: '1m' }));
  const outcomes = Promise.allSettled(waiters);
  await expect(lock(file, { signal, wait: 1 })).rejects.toBeInstanceOf(LockTimeoutError);
  const reason = new Error('the service ends');
  stop.abort(reason);
  expect((await outcomes).every((outcome) => outcome.status === 'rejected' && outcome.reason === reason)).toBe(true);
  expect([held.held, warned.mock.calls]).toEqual([true, []]);
});

it('B23: shared memory, which no snapshot of a starting process can contain, is made when a thread is blocked', async () => {
  vi.resetModules();
  vi.stubGlobal('SharedArrayBuffer', undefined);
  const copy = await import('../../../src/index.js');
  expect(await copy.withLock(new VfsFile(memVfs(), 'data.csv'), () => 1)).toBe(1);
});

it('C: the error of a wait carries how long it was', async () => {
  const file = new VfsFile(memVfs(), 'data.csv');
  await using _held = await lock(file);
  const message = expect.stringMatching(/; gave up after 20 ms$/) as string;
  await expect(lock(file, { wait: 20 })).rejects.toMatchObject({ waitMs: 20, message });
});
