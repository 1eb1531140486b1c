import { mkdtempSync, rmSync } from 'node:fs';
import type * as fsPromises from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { pooledCalls } from '../../../../src/backends/local/syscalls.js';
import { localVfs, Lockfile, VfsFile, withLock } from '../../../../src/index.js';

/** The type of NFS: its disk may hang. */
const NFS = 0x6969;

vi.mock('node:fs/promises', async (original) => ({
  ...(await original<typeof fsPromises>()),
  statfs: () => Promise.resolve({ type: NFS }),
}));

const LIMIT_MS = 200;

let folder: string;
let hung = 0;
let wake: () => void;
let awake: Promise<void>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-hung-'));
  hung = 0;
  awake = new Promise((resolve) => (wake = resolve));
});
afterEach(() => {
  wake();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** From now on every call on a name in the folder waits until the disk wakes. */
function hang(): void {
  const calls = pooledCalls as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const name of ['open', 'stat', 'lstat', 'mkdir', 'rename', 'link', 'unlink', 'rmdir', 'readdir']) {
    const real = calls[name];
    vi.spyOn(calls, name).mockImplementation(async (...args) => {
      hung += 1;
      await awake;
      return real?.(...args);
    });
  }
}

const lockOf = (timeout: number, name = 'x'): Lockfile =>
  new Lockfile(new VfsFile(localVfs({ root: folder, timeout }), name));
const silence = { code: 'ERR_VFS_TIMEOUT', message: expect.stringContaining('the disk did not answer for') as string };
const NOBODY = expect.stringMatching(/hung-.*x\.lock.*nobody is known to hold the lock/) as string;

describe('W7: a disk that hangs', () => {
  it('ends tries and waits by the time limit of the store, and says that nobody is known to hold the lock', async () => {
    hang();
    await expect(lockOf(LIMIT_MS).tryAcquire()).rejects.toMatchObject({ ...silence, message: NOBODY });
    await expect(lockOf(LIMIT_MS).acquire({ wait: 0 })).rejects.toMatchObject({ ...silence, message: NOBODY });
    await expect(lockOf(LIMIT_MS).acquire()).rejects.toMatchObject({ ...silence, message: NOBODY });
  });

  it('ends a wait by its own limit and by its signal', async () => {
    hang();
    await expect(lockOf(3_600_000).acquire({ wait: LIMIT_MS })).rejects.toMatchObject({ code: 'ERR_VFS_TIMEOUT' });
    const reason = new Error('enough');
    for (const wait of [0, '1h'] as const) {
      const ending = new AbortController();
      const acquired = lockOf(3_600_000, `${String(wait)}.txt`).acquire({ wait, signal: ending.signal });
      setTimeout(() => ending.abort(reason), 50);
      await expect(acquired).rejects.toBe(reason);
    }
  });

  it('ends withLock after its function, and release, by the time limit', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const file = new VfsFile(localVfs({ root: folder, timeout: LIMIT_MS }), 'x');
    expect(
      await withLock(file, () => {
        hang();
        return 'done';
      }),
    ).toBe('done');
    expect(String(warned.mock.calls[0]?.[0])).toContain('the disk did not answer');
  });

  it('ends calls on files', async () => {
    const vfs = localVfs({ root: folder, timeout: LIMIT_MS });
    hang();
    await expect(vfs.read('x')).rejects.toMatchObject(silence);
    const signal = AbortSignal.timeout(50);
    await expect(vfs.read('x', { signal })).rejects.toMatchObject({ code: 'ERR_VFS_ABORTED' });
  });

  it('creates nothing any more when it wakes after the caller has given up', async () => {
    const lock = lockOf(LIMIT_MS);
    hang();
    await expect(lock.tryAcquire()).rejects.toMatchObject(silence);
    wake();
    await vi.waitFor(async () => expect(await lock.tryAcquire()).toBe(true), { timeout: 20_000 });
    await lock.release();
  });
});

describe('B8: a disk that hangs', () => {
  it('takes one thread of the pool a folder, however many calls there are', async () => {
    const lock = lockOf(LIMIT_MS);
    hang();
    const calls = ['a', 'b', 'c', 'd', 'e'].map((name) =>
      expect(lockOf(LIMIT_MS, name).tryAcquire()).rejects.toMatchObject(silence),
    );
    await Promise.all([...calls, expect(lock.tryAcquire()).rejects.toMatchObject(silence)]);
    expect(hung).toBe(1);
  });

  it('leaves a thread of the pool to others, however many folders there are', async () => {
    hang();
    const vfs = localVfs({ root: folder, timeout: LIMIT_MS });
    const calls = ['a', 'b', 'c', 'd', 'e'].map((name) => expect(vfs.read(`${name}/x`)).rejects.toMatchObject(silence));
    await Promise.all(calls);
    expect(hung).toBe(3);
  });
});
