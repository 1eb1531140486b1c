import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import properLockfile from 'proper-lockfile';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { forceRelease, inspect, list, sweep, type Listed } from '../../../src/admin/index.js';
import { memVfs } from '../../../src/backends/mem/index.js';
import { Lockfile, LockHeldError, lockSync, VfsFile } from '../../../src/index.js';

let folder = '';
let file = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-proper-'));
  file = join(folder, 'data.csv');
  writeFileSync(file, '1,2');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function listed(): Promise<Listed[]> {
  const found: Listed[] = [];
  for await (const each of list(folder, { recursive: true })) found.push(each);
  return found;
}

describe('F10: the folder of proper-lockfile in the place of a lock', () => {
  it('is held for as long as it is touched, is listed, and is not ended by anybody', async () => {
    const release = await properLockfile.lock(file);
    const lock = await Lockfile.open(file, { ttl: 100 });
    expect(await lock.tryAcquire()).toBe(false);
    const held = await lock.acquire({ wait: 0 }).catch((error: unknown) => error);
    expect(held).toBeInstanceOf(LockHeldError);
    expect(held).toMatchObject({
      foreign: { kind: 'folder' },
      message: expect.stringMatching(/proper-lockfile/) as string,
    });
    expect(() => lockSync(file, { wait: 0 })).toThrow(/held by another program: a folder/);
    const state = { state: 'held', record: undefined, foreign: { kind: 'folder' } };
    expect(await inspect(file)).toMatchObject(state);
    expect(await listed()).toMatchObject([{ ...state, path: `${file}.lock` }]);
    expect(await sweep(folder, { ttl: 100, unreadable: true })).toMatchObject({ removed: 0, reasons: { held: 1 } });
    const { version = '' } = await inspect(file);
    await expect(forceRelease(file, { expect: version })).rejects.toMatchObject({ code: 'ERR_LOCK_FOREIGN' });
    await release();
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it('is waited for, and both libraries keep each other out', async () => {
    const release = await properLockfile.lock(file);
    const lock = await Lockfile.open(file);
    let acquired = false;
    const waiting = lock.acquire({ wait: '10m' }).then(() => (acquired = true));
    // It has begun to wait when a second one, queued behind it, gives up.
    await expect((await Lockfile.open(file)).acquire({ wait: 100 })).rejects.toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
    });
    expect(acquired).toBe(false);
    await release();
    await waiting;
    await expect(properLockfile.lock(file)).rejects.toMatchObject({ code: 'ELOCKED' });
    await lock.release();
    await (
      await properLockfile.lock(file)
    )();
  });

  it('is an error that says how to remove it once nobody touches it any more', async () => {
    const lockFolder = `${file}.lock`;
    mkdirSync(lockFolder);
    utimesSync(lockFolder, 1e9, 1e9);
    const lock = await Lockfile.open(file, { ttl: 100 });
    const refusal = { code: 'ERR_LOCK_FOREIGN', kind: 'folder', path: lockFolder };
    await expect(lock.tryAcquire()).rejects.toMatchObject({
      ...refusal,
      message: expect.stringMatching(/rmdir/) as string,
    });
    await expect(lock.acquire({ wait: '10m' })).rejects.toMatchObject(refusal);
    expect(() => lockSync(file)).toThrow(expect.objectContaining(refusal));
    expect(await listed()).toMatchObject([{ state: 'foreign', foreign: { kind: 'folder' } }]);
    expect(await sweep(folder, { unreadable: true })).toMatchObject({ removed: 0, reasons: { foreign: 1 } });
    expect(existsSync(lockFolder)).toBe(true);
    rmSync(lockFolder, { recursive: true });
    expect(await lock.tryAcquire()).toBe(true);
    await lock.release();
  });

  it('is the same on a store in memory', async () => {
    let nowMs = Date.now();
    const vfs = memVfs({ now: () => nowMs });
    await vfs.write('data.csv.lock/x', new Uint8Array());
    const lock = new Lockfile(new VfsFile(vfs, 'data.csv'), { ttl: 100 });
    expect(await lock.tryAcquire()).toBe(false);
    nowMs += 3_600_000;
    await expect(lock.tryAcquire()).rejects.toMatchObject({ code: 'ERR_LOCK_FOREIGN', kind: 'folder' });
  });
});
