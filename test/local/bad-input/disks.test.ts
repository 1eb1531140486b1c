import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Lockfile, lockSync, localVfs, VfsFile, withLock } from '../../../src/index.js';
import { publicNames } from '../../support/names.js';

const mayMount = process.getuid?.() === 0;
if (!mayMount && process.env.CI) throw new Error('these tests need root, to mount small disks');

let disk = '';
let file: VfsFile;

function mount(options: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'vfs-lockfile-test', disk]);
}

/** Leaves not a byte and, since empty files take none, not an inode. */
function fill(): void {
  const { bfree, bsize } = statfsSync(disk);
  if (bfree > 0) writeFileSync(join(disk, 'filler'), new Uint8Array(bfree * bsize));
  for (let i = 0; statfsSync(disk).ffree > 0; i += 1) writeFileSync(join(disk, `filler-${i}`), '');
}

function makeRoom(): void {
  for (const name of readdirSync(disk)) if (name.startsWith('filler')) unlinkSync(join(disk, name));
}

describe.skipIf(!mayMount)('on a disk that fails (needs root, to mount small ones)', () => {
  beforeEach(() => {
    disk = mkdtempSync(join(tmpdir(), 'vfs-lockfile-disk-'));
    file = new VfsFile(localVfs({ root: disk }), 'data.csv');
  });
  afterEach(() => {
    // A private folder that is kept for a second keeps its disk busy.
    execFileSync('umount', ['--lazy', disk]);
    rmSync(disk, { recursive: true, force: true });
  });

  test('a full one refuses a lock, and nothing of it is left', async () => {
    mount('size=64k,nr_inodes=32');
    fill();
    const before = readdirSync(disk);
    await expect(withLock(file, () => 1)).rejects.toMatchObject({ code: 'ERR_VFS_FULL', effect: 'none' });
    expect(publicNames(disk)).toEqual(before);
    expect(new Set(before).has('data.csv.lock')).toBe(false);
  });

  test('one that fills up under a lock ends it at its deadline, by a typed reason, and the lock can still be released', async () => {
    mount('size=64k,nr_inodes=32');
    const lock = new Lockfile(file, { ttl: '5s' });
    await lock.acquire();
    fill();
    await expect(lock.renew()).rejects.toMatchObject({ code: 'ERR_VFS_FULL' });
    const loss = await lock.lost;
    expect(loss).toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'expired', cause: { code: 'ERR_VFS_FULL' } });
    expect(await lock.release()).toBe(false);
    expect(readdirSync(disk)).not.toContain('data.csv.lock');

    makeRoom();
    const next = new Lockfile(file);
    await next.acquire({ wait: '10s' });
    expect(await next.release()).toBe(true);
    expect(publicNames(disk)).toEqual([]);
  });

  test('a release needs no room on a full one', async () => {
    mount('size=64k,nr_inodes=32');
    const lock = new Lockfile(file, { renew: false });
    await lock.acquire();
    fill();
    expect(await lock.release()).toBe(true);
    expect(readdirSync(disk).filter((name) => !name.startsWith('filler'))).toEqual([]);
  });

  test('a release with fencing needs room for its tombstone: it fails on a full one, keeps the count, and can be repeated', async () => {
    mount('size=64k,nr_inodes=32');
    const lock = new Lockfile(file, { fencing: true, renew: false, ttl: '10m' });
    await lock.acquire();
    const lockId = lock.record?.lockId ?? '';
    fill();
    const full = { code: 'ERR_VFS_FULL', effect: 'none' };
    await expect(lock.release()).rejects.toMatchObject(full);
    expect(lock.held).toBe(false);
    expect(await lock.metadata()).toMatchObject({ lockId, released: false, fencingToken: '1' });
    await expect(new Lockfile(file).acquire({ wait: 0 })).rejects.toMatchObject({ code: 'ERR_LOCK_HELD' });
    makeRoom();
    expect([await lock.release(), await lock.release()]).toEqual([true, false]);
    const next = lockSync(file, { fencing: true, renew: false, ttl: '10m' });
    expect(next.fencingToken).toBe(2n);
    fill();
    expect(() => next.release()).toThrow(expect.objectContaining(full));
    makeRoom();
    expect(next.release()).toBe(true);
    expect(await lock.metadata()).toMatchObject({ released: true, fencingToken: '2' });
    expect(publicNames(disk)).toEqual(['data.csv.lock']);
  });

  test('one that fills up in the middle of a commit keeps the old file whole, the lock, and no half of the new one', async () => {
    mount('size=64k,nr_inodes=32');
    const lock = new Lockfile(file, { fencing: true });
    await lock.acquire();
    await lock.commit(file, 'old');
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let piece = 0; piece < 20; piece += 1) yield await Promise.resolve(new Uint8Array(8192));
    }
    for (const data of [new Uint8Array(100_000), pieces()]) {
      await expect(lock.commit(file, data)).rejects.toMatchObject({ code: 'ERR_VFS_FULL' });
      expect(await file.readText()).toBe('old');
      expect(publicNames(disk)).toEqual(['data.csv', 'data.csv.lock']);
    }
    await lock.confirm();
    await lock.commit(file, 'new');
    expect([await file.readText(), await lock.release()]).toEqual(['new', true]);
  });

  test('a read-only one refuses a lock', async () => {
    mount('ro');
    await expect(withLock(file, () => 1)).rejects.toMatchObject({ code: 'ERR_VFS_DENIED', effect: 'none' });
  });
});
