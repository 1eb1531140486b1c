import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import {
  Lockfile,
  localVfs,
  withLock,
  withLockSync,
  LockHeldError,
  LockTimeoutError,
  VfsFile,
} from '../../../src/index.js';
import { memVfs } from '../../../src/backends/mem/index.js';
import { publicNames } from '../../support/names.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const stores = [
  ['mem', () => memVfs()],
  ['local', () => localVfs({ root: folder })],
  ['local without hard links', () => localVfs({ root: folder, hardLinks: false })],
] as const;

describe.each(stores)('on %s', (_name, make) => {
  test('withLock hands over the file and the lock, and the result back', async () => {
    const file = new VfsFile(make(), 'a.csv');
    const result = await withLock(
      file,
      async (given, lock) => {
        expect(given).toBe(file);
        lock.assertHeld();
        expect(await lock.metadata()).toMatchObject({ pid: process.pid, ownerId: 'me' });
        await lock.renew();
        expect(lock.record?.renewals).toBe(1);
        return 42;
      },
      { ownerId: 'me' },
    );
    expect(result).toBe(42);
    expect(await file.vfs.read('a.csv.lock')).toBeUndefined();
  });
  test('twenty callers take turns', async () => {
    const vfs = make();
    let inside = 0;
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        withLock(new VfsFile(vfs, 'a'), async () => {
          expect(++inside).toBe(1);
          order.push(i);
          await new Promise((r) => setTimeout(r, 1));
          inside--;
        }),
      ),
    );
    expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
  test('an expired lock is taken over by one, who learns from whom', async () => {
    const vfs = make();
    const file = new VfsFile(vfs, 'a');
    const first = new Lockfile(file, { ttl: 100, renew: false, ownerId: 'first' });
    await first.acquire();
    const second = new Lockfile(new VfsFile(vfs, 'a'), { ownerId: 'second' });
    await second.acquire({ wait: '2s' });
    expect(first.loss?.reason).toBe('expired');
    expect(second.reclaimedFrom).toMatchObject({ reason: 'expired', ownerId: 'first' });
    expect(await first.release()).toBe(false);
    expect(second.held).toBe(true);
    expect(await second.release()).toBe(true);
  });
  test('a held lock is refused at once, or after the wait', async () => {
    const vfs = make();
    const first = new Lockfile(new VfsFile(vfs, 'a'), { ownerId: 'first' });
    await first.acquire();
    const second = new Lockfile(new VfsFile(vfs, 'a'));
    expect(await second.tryAcquire()).toBe(false);
    await expect(second.acquire({ wait: 0 })).rejects.toThrow(LockHeldError);
    await expect(second.acquire({ wait: 50 })).rejects.toThrow(LockTimeoutError);
    await expect(second.acquire({ wait: 50 })).rejects.toThrow(/held by first/);
    await first.release();
    expect(await second.tryAcquire()).toBe(true);
    await second.release();
  });
});
test('sync', () => {
  writeFileSync(join(folder, 'x'), '1');
  const r = withLockSync(join(folder, 'x'), (f, lock) => {
    lock.renew();
    expect(readdirSync(folder)).toContain('x.lock');
    return 7;
  });
  expect(r).toBe(7);
  expect(publicNames(folder)).toEqual(['x']);
});
