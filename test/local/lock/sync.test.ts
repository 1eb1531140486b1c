import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { s3Vfs } from '../../../src/backends/s3/index.js';
import {
  LockHeldError,
  Lockfile,
  LockLostError,
  LockNotHeldError,
  lockSync,
  LockTimeoutError,
  VfsFile,
  withLock,
  withLockSync,
} from '../../../src/index.js';
import { publicNames } from '../../support/names.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-sync-'));
  file = join(folder, 'data.csv');
  writeFileSync(file, '');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const lockFile = (): string => readFileSync(`${file}.lock`, 'utf8');

/** Lets the store believe that the lock was last written so long ago. */
function age(seconds: number): void {
  const then = Date.now() / 1000 - seconds;
  utimesSync(`${file}.lock`, then, then);
}

describe('withLockSync', () => {
  it('hands over file and lock, gives the result back, and leaves nothing behind', () => {
    const result = withLockSync(
      file,
      (given, lock) => {
        expect(given.toString()).toBe(file);
        lock.assertHeld();
        expect(JSON.parse(lockFile())).toMatchObject({ pid: process.pid, ownerId: 'me' });
        lock.renew();
        expect(JSON.parse(lockFile())).toMatchObject({ renewals: 1 });
        expect(lock.remainingMs).toBeGreaterThan(29_000);
        return 7;
      },
      { ownerId: 'me' },
    );
    expect(result).toBe(7);
    expect(publicNames(folder)).toEqual(['data.csv']);
  });

  it('E7, U6: refuses a function that returns a promise, by its type and when it has returned', () => {
    const work = (): unknown => Promise.resolve(7);
    // @ts-expect-error a promise is no result
    expect(() => withLockSync(file, async () => Promise.resolve(7))).toThrow(/must not return a promise/);
    expect(() => withLockSync(file, work)).toThrow(expect.objectContaining({ code: 'ERR_LOCK_OPTION' }));
    expect(publicNames(folder)).toEqual(['data.csv']);
  });

  it('U5: is refused at once inside itself and inside withLock; what it starts may have the lock afterwards', async () => {
    const reentrant = expect.objectContaining({ code: 'ERR_LOCK_REENTRANT', path: `${file}.lock` }) as Error;
    withLockSync(file, () => {
      expect(() => withLockSync(file, () => 1)).toThrow(reentrant);
    });
    await withLock(file, () => {
      expect(() => lockSync(file)).toThrow(reentrant);
    });
    const inner = withLockSync(file, () => ({ started: withLock(file, () => 1) }));
    expect(await inner.started).toBe(1);
  });

  it('passes on the error of the function, and gives the lock back', () => {
    const fail = (): never => {
      throw new Error('mine');
    };
    expect(() => withLockSync(file, fail)).toThrow('mine');
    expect(publicNames(folder)).toEqual(['data.csv']);
  });

  it('throws when the lock was lost while the function ran, and touches nothing', () => {
    const lose = (): void => {
      writeFileSync(`${file}.lock`, 'somebody else');
    };
    expect(() => withLockSync(file, lose)).toThrow(LockLostError);
    expect(lockFile()).toBe('somebody else');
  });

  it('throws when the function took longer than the lease, and clears up', () => {
    const dawdle = (): void => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150);
    };
    expect(() => withLockSync(file, dawdle, { ttl: 100 })).toThrow(/not renewed before its lease ended/);
    expect(publicNames(folder)).toEqual(['data.csv']);
  });
});

describe('lockSync', () => {
  it('refuses at once what another caller in this process has, whichever way that one took it', async () => {
    const held = lockSync(file);
    expect(() => lockSync(file, { wait: '1h' })).toThrow(LockHeldError);
    const lock = await Lockfile.open(file);
    expect(await lock.tryAcquire()).toBe(false);
    held.release();
    await lock.acquire();
    expect(() => lockSync(file, { wait: '1h' })).toThrow(/another caller in this process/);
    await lock.release();
    lockSync(file).release();
  });

  it('lets a waiting caller of this process go on when it is given back', async () => {
    const held = lockSync(file);
    const lock = await Lockfile.open(file);
    const waiting = lock.acquire();
    expect(held.release()).toBe(true);
    await waiting;
    expect(lock.held).toBe(true);
    await lock.release();
  });

  it('takes a stale lock over and tells whose it was, or refuses one that is alive, telling who holds it', () => {
    const record = { createdAt: '2026-11-20T23:43:35.299Z', ttl: 60e9, hostname: 'elsewhere', pid: 1, ownerId: 'x' };
    writeFileSync(`${file}.lock`, JSON.stringify(record));
    expect(() => lockSync(file, { wait: 0 })).toThrow(/held by x \(process 1 on elsewhere\)/);
    expect(() => lockSync(file, { wait: 30 })).toThrow(LockTimeoutError);
    age(50);
    expect(() => lockSync(file, { wait: 0 })).toThrow(LockHeldError);
    age(61);
    const lock = lockSync(file, { wait: 0 });
    expect(lock.reclaimedFrom).toMatchObject({ reason: 'expired', ownerId: 'x', pid: 1 });
    expect(lock.release()).toBe(true);
  });

  it('is renewed in the background while the thread has time, and tells when it was not', async () => {
    const lock = lockSync(file, { ttl: 1000 });
    await new Promise((resolve) => setTimeout(resolve, 2500));
    lock.assertHeld();
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1100);
    expect(lock.held).toBe(false);
    expect(() => lock.assertHeld()).toThrow(LockLostError);
    expect(() => lock.renew()).toThrow(LockLostError);
    expect(lock.remainingMs).toBe(0);
    expect(lock.release()).toBe(false);
    expect(publicNames(folder)).toEqual(['data.csv']);
  });

  it('is given back once, also by the end of its scope', () => {
    let lock;
    {
      using scoped = lockSync(file);
      lock = scoped;
    }
    expect(publicNames(folder)).toEqual(['data.csv']);
    expect(lock.release()).toBe(false);
    expect(() => lock.assertHeld()).toThrow(LockNotHeldError);
    expect(lock.loss).toBeUndefined();
  });

  it('refuses a store that cannot do anything synchronously', () => {
    expect(() => lockSync(new VfsFile(s3Vfs({ bucket: 'bucket' }), 'a'))).toThrow(
      expect.objectContaining({ code: 'ERR_VFS_UNSUPPORTED' }),
    );
  });
});
