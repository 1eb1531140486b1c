import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import { localVfs, Lockfile, VfsFile } from '../../../src/index.js';

let folder = '';
let lockFile = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-huge-'));
  lockFile = join(folder, 'data.csv.lock');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const file = (): VfsFile => new VfsFile(localVfs({ root: folder }), 'data.csv');

describe('a lock file far larger than any record', () => {
  test.each([
    ['10 MB', 10_000_000],
    ['1 GB, most of it a hole,', 1_000_000_000],
    ['100 GB, most of it a hole,', 100_000_000_000],
  ])('of %s costs no memory, and is left to the program that wrote it', async (_what, bytes) => {
    writeFileSync(lockFile, '{"ttl": 1, "note": {"x": "');
    truncateSync(lockFile, bytes);
    const child = join(import.meta.dirname, 'huge-child.mjs');
    const { stdout } = await promisify(execFile)(process.execPath, [child, folder]);
    const { grownMiB, ...rest } = JSON.parse(stdout) as { readonly grownMiB: number };
    expect(rest).toEqual({ codes: Array.from({ length: 3 }, () => 'ERR_LOCK_FOREIGN') });
    expect(grownMiB).toBeLessThan(32);
    expect(readdirSync(folder)).toEqual(['data.csv.lock']);
  });
});

describe('a lock file of an odd time', () => {
  test('in the future is neither stolen at once nor held for ever', async () => {
    writeFileSync(lockFile, '{');
    utimesSync(lockFile, 4e9, 4e9);
    expect(await new Lockfile(file(), { ttl: 200 }).tryAcquire()).toBe(false);
    const lock = new Lockfile(file(), { ttl: 200 });
    await lock.acquire({ wait: '30s' });
    expect(lock.reclaimedFrom).toEqual({ reason: 'unreadable' });
    expect(await lock.release()).toBe(true);
  });

  test('before 1970 is as stale as any old one', async () => {
    writeFileSync(lockFile, '');
    // utimes of Node takes a time before 1970 for the present.
    execFileSync('touch', ['-d', '1960-01-01', lockFile]);
    const lock = new Lockfile(file(), { ttl: '1h' });
    expect(await lock.tryAcquire()).toBe(true);
    expect(lock.reclaimedFrom).toEqual({ reason: 'unreadable' });
    expect(await lock.release()).toBe(true);
  });
});

describe('an unreadable lock file', () => {
  test('that keeps changing is respected for as long as it does', async () => {
    let nowMs = 1e12;
    const vfs = memVfs({ now: () => nowMs });
    const lock = new Lockfile(new VfsFile(vfs, 'data.csv'), { ttl: 400 });
    for (let change = 1; change <= 20; change += 1) {
      await vfs.write('data.csv.lock', Buffer.from(`{"createdAt": "${change}`));
      nowMs += 400;
      expect(await lock.tryAcquire()).toBe(false);
    }
    nowMs += 1 + vfs.capabilities.clock.resolutionMs;
    expect(await lock.tryAcquire()).toBe(true);
    expect(lock.reclaimedFrom).toEqual({ reason: 'unreadable' });
    expect(await lock.release()).toBe(true);
  });
});
