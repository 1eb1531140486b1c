import { afterEach, describe, expect, it, vi } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import { s3Vfs } from '../../../src/backends/s3/index.js';
import { inbox } from '../../../src/inbox/index.js';
import { lock, Lockfile, lockSync, openFile, VfsFile, withLock } from '../../../src/index.js';
import { crash, staleLock, useFakeClock, useGlobalClock, useVfs } from '../../../src/testing/index.js';

afterEach(() => {
  vi.useRealTimers();
});

describe('U23: useVfs', () => {
  it('lets code that takes plain paths run on memory', async () => {
    const vfs = memVfs();
    const undo = useVfs(vfs);
    await (await openFile('inbox/a.csv')).write('1,2');
    const text = await withLock('inbox/a.csv', (file) => file.readText());
    const names: string[] = [];
    for await (const { file } of inbox('inbox', { settle: 0, until: 'idle' })) names.push(file.name);
    undo();
    expect([text, names]).toEqual(['1,2', ['a.csv']]);
    expect(await vfs.stat(`${process.cwd().slice(1)}/inbox/a.csv`)).toMatchObject({ size: 3 });
    expect((await openFile('inbox/a.csv')).vfs.scheme).toBe('file');
  });

  it('is undone in the order of blocks', async () => {
    const [outer, inner] = [memVfs(), memVfs()];
    {
      using _outer = useVfs(outer);
      {
        using _inner = useVfs(inner);
        expect((await openFile('file:///a')).vfs).toBe(inner);
      }
      expect((await openFile('a')).vfs).toBe(outer);
    }
    expect((await openFile('a')).vfs.scheme).toBe('file');
  });

  it('refuses what is no store, and synchronous locks where the store has none', () => {
    expect(() => useVfs({} as never)).toThrow('vfs must be a store such as memVfs(), not an object');
    using _undo = useVfs(s3Vfs({ bucket: 'bucket' }));
    expect(() => lockSync('a')).toThrow(expect.objectContaining({ code: 'ERR_VFS_UNSUPPORTED' }));
  });
});

describe('U24: useFakeClock', () => {
  it('ends leases, and lets others take the lock over', async () => {
    using clock = useFakeClock();
    const file = new VfsFile(memVfs(), 'data.csv');
    crash(await lock(file, { ttl: '2s', ownerId: 'first' }));
    expect(await new Lockfile(file).tryAcquire()).toBe(false);
    const waiting = lock(file, { wait: '1m' });
    await clock.advance('3s');
    expect((await waiting).reclaimedFrom).toMatchObject({ ownerId: 'first', reason: 'expired' });
  });

  it('renews a lock that is held, and ends a wait', async () => {
    using clock = useFakeClock();
    const file = new VfsFile(memVfs(), 'data.csv');
    const held = await lock(file, { ttl: '2m' });
    const waiting = expect(lock(file, { wait: '5m' })).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
    await clock.advance('5m');
    await waiting;
    expect([held.held, (held.record?.renewals ?? 0) > 6]).toEqual([true, true]);
  });

  it('loses a lock that is not renewed', async () => {
    using clock = useFakeClock(Date.UTC(2030, 0, 1));
    const held = await lock(new VfsFile(memVfs(), 'data.csv'), { ttl: '30s', renew: false });
    expect([held.remainingMs, held.record?.createdAt?.getUTCFullYear()]).toEqual([30_000, 2030]);
    const { signal } = held;
    await clock.advance('31s');
    expect([signal.aborted, held.loss?.reason, clock.nowMs]).toEqual([true, 'expired', Date.UTC(2030, 0, 1, 0, 0, 31)]);
  });

  it('refuses what is no duration', async () => {
    using clock = useFakeClock();
    await expect(clock.advance('soon')).rejects.toMatchObject({ code: 'ERR_LOCK_OPTION' });
  });
});

describe('U24: crash', () => {
  it('leaves the lock file, and takes the lock from its holder, also inside withLock', async () => {
    const vfs = memVfs();
    const file = new VfsFile(vfs, 'data.csv');
    await withLock(file, (_file, held) => {
      crash(held);
      expect([held.held, held.signal.aborted]).toEqual([false, false]);
    });
    expect(await vfs.stat('data.csv.lock')).toBeDefined();
    expect(await new Lockfile(file).tryAcquire()).toBe(false);
  });

  it('refuses a lock that is not held', async () => {
    const held = await lock(new VfsFile(memVfs(), 'data.csv'));
    await held.release();
    expect(() => crash(held)).toThrow(expect.objectContaining({ code: 'ERR_LOCK_NOT_HELD' }));
  });
});

describe.runIf(process.platform === 'linux')('U24: staleLock', () => {
  it('is taken over at once, and says who held it', async () => {
    using _clock = useFakeClock();
    const file = new VfsFile(memVfs(), 'data.csv');
    await staleLock(file, { ownerId: 'worker 7', note: { rows: 4000 } });
    expect(await new Lockfile(file).isStale()).toBe(true);
    const { reclaimedFrom } = await lock(file, { wait: 0 });
    expect(reclaimedFrom).toMatchObject({ ownerId: 'worker 7', note: { rows: 4000 }, reason: 'dead-process' });
  });

  it('refuses options as a lock does, and a lock that is held', async () => {
    const file = new VfsFile(memVfs(), 'data.csv');
    await expect(staleLock(file, { ttl: 1, stale: 2 } as never)).rejects.toMatchObject({ code: 'ERR_LOCK_OPTION' });
    await lock(file);
    await expect(staleLock(file)).rejects.toMatchObject({ code: 'ERR_LOCK_HELD' });
  });
});

describe('B1: useGlobalClock', () => {
  it.each([
    ['all globals', {}],
    ['timers and Date', { toFake: ['setTimeout', 'clearTimeout', 'Date'] }],
  ] as const)('follows fake timers: %s', async (_what, options) => {
    vi.useFakeTimers({ ...options, toFake: 'toFake' in options ? [...options.toFake] : undefined });
    using _undo = useGlobalClock();
    const file = new VfsFile(memVfs(), 'data.csv');
    const held = await lock(file, { ttl: '30s' });
    await vi.advanceTimersByTimeAsync(300_000);
    expect([held.held, (held.record?.renewals ?? 0) > 20]).toEqual([true, true]);
  });
});
