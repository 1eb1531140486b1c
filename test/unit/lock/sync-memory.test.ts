import { expect, it, vi } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import {
  lock,
  LockHeldError,
  LockReentrantError,
  lockSync,
  openFile,
  LockTimeoutError,
  VfsFile,
  withLockSync,
} from '../../../src/index.js';
import { crash, staleLock, useFakeClock, useVfs } from '../../../src/testing/index.js';

it('U23: lockSync works in memory, and excludes the asynchronous locks of the same file', async () => {
  const file = new VfsFile(memVfs(), 'data.csv');
  {
    using held = lockSync(file);
    held.renew();
    held.confirm();
    await expect(lock(file, { wait: 0 })).rejects.toThrow(LockHeldError);
  }
  await using _held = await lock(file, { wait: 0 });
  expect(() => lockSync(file, { wait: '1h' })).toThrow(
    /^another caller in this process holds the lock mem:\S+ or waits/,
  );
});

it('U23: withLockSync of a plain path runs in memory', async () => {
  using _memory = useVfs(memVfs());
  await (await openFile('inbox/a.csv')).write('1');
  const path = withLockSync('inbox/a.csv', (file) => {
    expect(() => lockSync('inbox/a.csv')).toThrow(LockReentrantError);
    return file.vfs.scheme;
  });
  expect(path).toBe('mem');
});

it('U5: lockSync does not wait for a lock that this thread holds by another path', () => {
  const volume = memVfs();
  const [one, other] = [new VfsFile(volume, 'a'), new VfsFile(volume, 'b')];
  using clock = useFakeClock();
  using _held = lockSync(one, { lockPath: 'common.lock' });
  const alias = Object.assign(Object.create(volume) as typeof volume, { locate: () => 'mem://alias/common.lock' });
  const startedMs = clock.nowMs;
  const blocked = () => lockSync(new VfsFile(alias, other.path), { lockPath: 'common.lock', wait: '1h' });
  expect(blocked).toThrow(/is held by process \d+ on .*, another caller in this process: /);
  expect(blocked).toThrow(LockHeldError);
  expect(clock.nowMs).toBe(startedMs);
});

it('U24: lockSync waits for the end of a crashed lock, and takes a stale one at once', async () => {
  using clock = useFakeClock();
  const file = new VfsFile(memVfs(), 'data.csv');
  crash(await lock(file, { ttl: '30s' }));
  expect(() => lockSync(file, { wait: '5s' })).toThrow(LockTimeoutError);
  const startedMs = clock.nowMs;
  lockSync(file, { wait: '1m' }).release();
  expect(clock.nowMs - startedMs).toBeGreaterThan(20_000);
  await staleLock(file);
  using held = lockSync(file, { wait: '1m' });
  expect(held.reclaimedFrom).toBeDefined();
});

it('U23: memory may be the inside of a slower store, so that its calls get a signal all the same', async () => {
  const vfs = memVfs();
  const create = vi.spyOn(vfs, 'create');
  await using _held = await lock(new VfsFile(vfs, 'data.csv'));
  expect(create.mock.calls.map(([, , options]) => options?.signal)).toEqual([expect.any(AbortSignal)]);
});
