import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { blockingCalls, inlineCalls, pooledCalls } from '../../../src/backends/local/syscalls.js';
import { localVfs, Lockfile, lockSync, VfsFile, withLock } from '../../../src/index.js';
import { publicNames } from '../../support/names.js';
import { foreign, putLock } from '../../support/operate/locks.js';

const mayMount = process.getuid?.() === 0;
if (!mayMount && process.env.CI) throw new Error('these tests need root, to mount disks');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-changing-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const lockIn = (root: string, name = 'data.csv'): Lockfile =>
  new Lockfile(new VfsFile(localVfs({ root }), name), { renew: false, ttl: '5m' });

async function heldIn(root: string): Promise<Lockfile> {
  const lock = lockIn(root);
  await lock.acquire({ wait: 0 });
  return lock;
}

function refuseFolders(): void {
  for (const calls of [blockingCalls, inlineCalls, pooledCalls]) {
    vi.spyOn(calls, 'mkdir').mockImplementation(() => {
      throw Object.assign(new Error('EMLINK: too many links'), { code: 'EMLINK' });
    });
  }
}

describe('a name of 240 to 255 bytes', () => {
  test.each(['n', 'ü', '字'])(
    'of the letter %s is locked and released, or refused before anything is there',
    async (letter) => {
      const outcomes = new Map<number, string>();
      for (let bytes = 240; bytes <= 255; bytes += 1) {
        const width = Buffer.byteLength(letter);
        const name = letter.repeat(Math.floor(bytes / width)) + 'x'.repeat(bytes % width);
        const outcome = await withLock(join(folder, name), () => 'locked').catch(
          (error: unknown) => (error as { readonly code: string }).code,
        );
        outcomes.set(bytes, outcome);
        expect(publicNames(folder), `${String(bytes)} bytes`).toEqual([]);
      }
      // `.lock` and `.guard` make the longest name 11 bytes longer.
      for (const [bytes, outcome] of outcomes) expect(outcome).toBe(bytes <= 244 ? 'locked' : 'ERR_VFS_PATH');
    },
  );
});

describe('a folder that changes while a lock in it is held', () => {
  test('removed: the lock is lost, and nothing is made', async () => {
    const inner = join(folder, 'inner');
    mkdirSync(inner);
    const lock = await heldIn(inner);
    rmSync(inner, { recursive: true });
    await expect(lock.renew()).rejects.toMatchObject({ name: expect.stringMatching(/Error$/) as string });
    await lock.release().catch(() => undefined);
    expect(lock.held).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('replaced by another one: the lock is lost, and what is in the other one stays', async () => {
    const [inner, away] = [join(folder, 'inner'), join(folder, 'away')];
    mkdirSync(inner);
    const lock = await heldIn(inner);
    renameSync(inner, away);
    mkdirSync(inner);
    await putLock(localVfs({ root: inner }), 'data.csv', foreign({ leaseMs: 600_000 }));
    const others = readFileSync(join(inner, 'data.csv.lock'));
    await expect(lock.renew()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST' });
    expect(await lock.release()).toBe(false);
    expect(readFileSync(join(inner, 'data.csv.lock'))).toEqual(others);
    expect(publicNames(inner)).toEqual(['data.csv.lock']);
    expect(readdirSync(away)).toContain('data.csv.lock');
  });

  test('that takes no more folders (65,000 subfolders, EMLINK): the lock is released', async () => {
    const lock = await heldIn(folder);
    const sync = lockSync(join(folder, 'sync'));
    refuseFolders();
    await lock.renew();
    expect(await lock.release()).toBe(true);
    expect(sync.release()).toBe(true);
    expect(publicNames(folder)).toEqual([]);
  });

  test('that took no folders from the start: no lock is taken, and nothing is left', async () => {
    refuseFolders();
    await expect(lockIn(folder).acquire({ wait: 0 })).rejects.toMatchObject({ name: 'VfsError' });
    expect(() => lockSync(join(folder, 'sync'))).toThrow('EMLINK');
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe.skipIf(!mayMount)('a disk that changes while a lock on it is held (needs root, to mount it)', () => {
  beforeEach(() => void execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'vfs-lockfile-test', folder]));
  afterEach(() => void execFileSync('umount', ['--lazy', folder]));
  const remount = (options: string): unknown => execFileSync('mount', ['-o', `remount,${options}`, folder]);

  test('remounted read-only: renewal and release are denied, and work again afterwards', async () => {
    const lock = await heldIn(folder);
    remount('ro');
    await expect(lock.renew()).rejects.toMatchObject({ code: 'ERR_VFS_DENIED' });
    expect(lock.held).toBe(true);
    remount('rw');
    await lock.renew();
    expect(await lock.release()).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('remounted nosymfollow: renewal, takeover and release go on', async () => {
    const lock = await heldIn(folder);
    remount('nosymfollow');
    await lock.renew();
    expect(await lock.release()).toBe(true);
    await putLock(localVfs({ root: folder }), 'data.csv', foreign({ leaseMs: 1 }));
    const next = lockIn(folder);
    await next.acquire({ wait: '5m' });
    expect(await next.release()).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('mounted a second time elsewhere: both paths lead to one lock', async () => {
    const second = mkdtempSync(join(tmpdir(), 'vfs-lockfile-second-'));
    execFileSync('mount', ['--bind', folder, second]);
    try {
      const lock = await heldIn(folder);
      expect(await lockIn(second).tryAcquire()).toBe(false);
      expect(() => lockSync(join(second, 'data.csv'), { wait: 0 })).toThrow(
        expect.objectContaining({ code: 'ERR_LOCK_HELD' }),
      );
      await lock.renew();
      expect(await lock.release()).toBe(true);
      const other = await heldIn(second);
      expect(await lockIn(folder).tryAcquire()).toBe(false);
      expect(await other.release()).toBe(true);
      expect(readdirSync(folder).filter((name) => !name.startsWith('.'))).toEqual([]);
    } finally {
      execFileSync('umount', ['--lazy', second]);
      rmdirSync(second);
    }
  });
});

describe.skipIf(!mayMount)('what nobody may change (chattr +i; needs root)', () => {
  const immutable = (path: string, on: boolean): boolean =>
    spawnSync('chattr', [on ? '+i' : '-i', path], { stdio: 'ignore' }).status === 0;

  test('a lock file: release and takeover are denied, and work again afterwards', async (context) => {
    const lock = await heldIn(folder);
    if (!immutable(join(folder, 'data.csv.lock'), true)) {
      await lock.release();
      context.skip('needs a disk with chattr +i');
    }
    try {
      await expect(lock.renew()).rejects.toMatchObject({ code: 'ERR_VFS_DENIED' });
      await expect(lock.release()).rejects.toMatchObject({ code: 'ERR_VFS_DENIED' });
    } finally {
      immutable(join(folder, 'data.csv.lock'), false);
    }
    await lock.release();
    const next = await heldIn(folder).catch(() => undefined);
    if (next) await next.release();
    for (const name of readdirSync(folder)) expect(name).not.toMatch(/guard$/);
  });

  test('a folder: a lock is denied, and nothing of it is there', async (context) => {
    if (!immutable(folder, true)) context.skip('needs a disk with chattr +i');
    try {
      await expect(lockIn(folder).acquire({ wait: 0 })).rejects.toMatchObject({ code: 'ERR_VFS_DENIED' });
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      immutable(folder, false);
    }
  });
});

const KINDS: readonly (readonly [string, (path: string) => unknown])[] = [
  ['a file', (path) => writeFileSync(path, 'precious')],
  ['a FIFO', (path) => execFileSync('mkfifo', [path])],
  [
    'a socket',
    (path) =>
      execFileSync('perl', ['-MSocket', '-e', 'socket(S,PF_UNIX,SOCK_STREAM,0);bind(S,sockaddr_un(shift))', path]),
  ],
  ['a link to nothing', (path) => symlinkSync('/nowhere', path)],
  // Only root can make one.
  ...(process.getuid?.() === 0
    ? [['a device', (path: string) => execFileSync('mknod', [path, 'c', '1', '3'])] as const]
    : []),
  [
    'a folder of somebody else',
    (path) => {
      mkdirSync(path);
      writeFileSync(join(path, 'thesis.txt'), 'precious');
    },
  ],
];

describe.each(KINDS)("%s in the place of the holder's folder", (_kind, make) => {
  test.each(['700', '777'])('costs its holder one change through the guard at most (mode %s)', async (mode) => {
    chmodSync(folder, Number.parseInt(mode, 8));
    const lock = await heldIn(folder);
    const own = join(folder, `.vfs-lockfile-${lock.record?.via ?? ''}`);
    rmdirSync(own);
    make(own);
    const outcome = await lock.renew().then(
      () => 'renewed',
      (error: unknown) => (error as { readonly code: string }).code,
    );
    if (existsSync(join(own, 'thesis.txt'))) {
      // Nobody removes what is somebody else's: the error names it. In a folder of one's own it can only be one's own.
      expect(outcome).toBe(mode === '700' ? 'renewed' : 'ERR_VFS_NOT_A_FILE');
      expect(readFileSync(join(own, 'thesis.txt'), 'utf8')).toBe('precious');
      rmSync(own, { recursive: true });
      await lock.renew();
    } else {
      expect(outcome).toBe('renewed');
    }
    expect(await lock.release()).toBe(true);
    expect(publicNames(folder)).toEqual([]);
  });
});

describe.each(KINDS.filter(([kind]) => kind !== 'a file'))(
  '%s in the place of the lock or its guard',
  (_kind, make) => {
    test('is refused by name, at once, and left alone', async () => {
      for (const name of ['data.csv.lock', 'data.csv.lock.guard']) {
        make(join(folder, name));
        await putLock(localVfs({ root: folder }), 'other', foreign({ leaseMs: 1 }));
        const outcome = await withLock(join(folder, 'data.csv'), () => 'locked', { wait: 0 }).catch(
          (error: unknown) => (error as { readonly code: string }).code,
        );
        // A lock can be taken and released without the guard; nothing but the guard's place is anybody else's.
        expect(name.endsWith('guard') ? 'locked' : /ERR_VFS_NOT_A_FILE|ERR_LOCK_(FOREIGN|HELD)/).toSatisfy(
          (expected: string | RegExp) => (typeof expected === 'string' ? outcome === expected : expected.test(outcome)),
        );
        expect(readdirSync(folder)).toContain(name);
        rmSync(join(folder, name), { recursive: true });
      }
    });
  },
);
