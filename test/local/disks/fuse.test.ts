import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, test, vi } from 'vitest';

import { doctor, list } from '../../../src/admin/index.js';
import { localVfs, Lockfile, lockSync, VfsFile, withLock } from '../../../src/index.js';
import { FuseDisk, lacksFuse, type FuseOptions } from '../../support/fuse/mounts.js';
import { foreign, putLock } from '../../support/operate/locks.js';

const lacking = lacksFuse();

let disk: FuseDisk | undefined;
async function mount(options?: FuseOptions): Promise<readonly string[]> {
  disk = await FuseDisk.mount(options);
  return disk.paths;
}
afterEach(async () => {
  vi.restoreAllMocks();
  await disk?.remove();
  disk = undefined;
});

function lockIn(root: string, options: ConstructorParameters<typeof Lockfile>[1] = {}): Lockfile {
  return new Lockfile(new VfsFile(localVfs({ root }), 'data.csv'), { renew: false, ...options });
}

const title = (text: string): string => (lacking === '' ? text : `${text} (${lacking})`);

describe.skipIf(lacking !== '')(title('E1: two clients of one file system, one 90 s ahead of the other'), () => {
  const CLIENTS = { aheadMs: [0, 90_000] };

  test('stamp files each by its own clock', async () => {
    const [here = '', ahead = ''] = await mount(CLIENTS);
    await localVfs({ root: here }).write('a', Buffer.from('a'));
    await localVfs({ root: ahead }).write('b', Buffer.from('b'));
    expect(statSync(join(here, 'b')).mtimeMs - statSync(join(here, 'a')).mtimeMs).toBeGreaterThan(80_000);
  });

  test.each([
    ['the late one', 0, 1],
    ['the early one', 1, 0],
  ])('do not take a live, renewed lock of %s', async (_who, at, other) => {
    const paths = await mount(CLIENTS);
    const [holder, rival] = [paths[at]!, paths[other]!];
    const lock = lockIn(holder, { ttl: '30s' });
    await lock.acquire({ wait: 0 });
    for (let renewals = 0; renewals < 3; renewals += 1) {
      expect(await lockIn(rival).tryAcquire()).toBe(false);
      expect(() => lockSync(join(rival, 'data.csv'), { wait: 0 })).toThrow(
        expect.objectContaining({ code: 'ERR_LOCK_HELD' }),
      );
      for await (const { state } of list(rival)) expect(state).toBe('held');
      await lock.renew();
    }
    lock.assertHeld();
    expect(await lock.release()).toBe(true);
    expect(readdirSync(rival)).toEqual([]);
  });

  test('take a dead lock over once it was observed unchanged for its lease', async () => {
    const [here = '', ahead = ''] = await mount(CLIENTS);
    await putLock(localVfs({ root: here }), 'data.csv', foreign({ leaseMs: 300 }));
    const startedMs = performance.now();
    const lock = lockIn(ahead);
    await lock.acquire({ wait: '5m' });
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(300);
    expect(lock.reclaimedFrom?.hostname).toBeDefined();
    expect(await lock.release()).toBe(true);
  });

  test('learn from doctor whose clock it is', async () => {
    const [, ahead = ''] = await mount(CLIENTS);
    const { checks, verdict, clockAheadMs } = await doctor(ahead);
    expect(verdict).toBe('safe');
    expect(clockAheadMs).toBeUndefined();
    const check = checks.find(({ name }) => name === 'clock');
    expect(check).toMatchObject({ verdict: 'note', found: expect.stringContaining('each client stamps') as string });
  });
});

describe.skipIf(lacking !== '')(title('W5: a file system whose names have at most 143 bytes'), () => {
  const SHORT = { nameMax: 143 };
  const take = (root: string, bytes: number): Promise<number> => withLock(join(root, 'n'.repeat(bytes)), () => 1);

  test('refuses the lock of a name of 133 to 138 bytes before it is taken', async () => {
    const [root = ''] = await mount(SHORT);
    const error = { code: 'ERR_VFS_PATH', message: expect.stringContaining('too long for this file system') as string };
    for (const bytes of [133, 134, 137, 138]) {
      await expect(take(root, bytes)).rejects.toMatchObject(error);
      expect(() => lockSync(join(root, 'n'.repeat(bytes)))).toThrow(expect.objectContaining(error));
    }
    expect(readdirSync(root)).toEqual([]);
  });

  test('takes, renews and releases the lock of a name of 132 bytes', async () => {
    const [root = ''] = await mount(SHORT);
    const name = 'n'.repeat(132);
    const lock = new Lockfile(new VfsFile(localVfs({ root }), name), { renew: false });
    await lock.acquire({ wait: 0 });
    await lock.renew();
    expect(await lock.release()).toBe(true);
    expect(readdirSync(root)).toEqual([]);
  });
});

describe.skipIf(lacking !== '')(title('B8: a FUSE file system whose daemon is stopped'), () => {
  const LIMIT_MS = 300;
  const silence = { code: 'ERR_VFS_TIMEOUT' };

  test('lets every call end, and locks on other disks go on', async () => {
    const [root = ''] = await mount();
    const elsewhere = mkdtempSync(join(tmpdir(), 'vfs-lockfile-elsewhere-'));
    const lockOf = (name: string): Lockfile => new Lockfile(new VfsFile(localVfs({ root, timeout: LIMIT_MS }), name));
    const held = lockOf('held');
    await held.acquire({ wait: 0 });
    disk?.hang();
    const calls = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) =>
      expect(lockOf(name).tryAcquire()).rejects.toMatchObject(silence),
    );
    await Promise.all([
      ...calls,
      expect(lockOf('g').acquire({ wait: '1h' })).rejects.toMatchObject(silence),
      expect(held.renew()).rejects.toMatchObject(silence),
    ]);
    await expect(held.release()).rejects.toMatchObject(silence);
    expect(await withLock(join(elsewhere, 'data.csv'), () => stat(elsewhere).then(() => 'done'))).toBe('done');
    disk?.wake();
    await vi.waitFor(async () => expect(await lockOf('a').tryAcquire()).toBe(true), { timeout: 60_000 });
    rmSync(elsewhere, { recursive: true });
  });

  test('ends withLock after its function by the time limit, with a warning', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const [root = ''] = await mount();
    const file = new VfsFile(localVfs({ root, timeout: LIMIT_MS }), 'x');
    expect(
      await withLock(file, () => {
        disk?.hang();
        return 'done';
      }),
    ).toBe('done');
    expect(String(warned.mock.calls[0]?.[0])).toContain('the disk did not answer');
    disk?.wake();
  });

  test('fails calls as errors of the disk when the daemon is gone', async () => {
    const [root = ''] = await mount();
    const held = lockIn(root);
    await held.acquire({ wait: 0 });
    await disk?.remove();
    await expect(held.renew()).rejects.toMatchObject({ name: expect.stringMatching(/Error/) as string });
  });
});

describe.skipIf(lacking !== '')(title('a quota that is used up (EDQUOT)'), () => {
  const EDQUOT = 122;

  test.each(['MKDIR', 'CREATE', 'WRITE'])(
    'refuses a lock as a full disk does (%s), and nothing is left',
    async (op) => {
      const [root = ''] = await mount();
      await disk?.fail({ op, errno: EDQUOT, times: 100 });
      // A creation with a hard link makes no folder.
      const lock = new Lockfile(new VfsFile(localVfs({ root, hardLinks: op !== 'MKDIR' }), 'data.csv'));
      await expect(lock.acquire({ wait: 0 })).rejects.toMatchObject({ code: 'ERR_VFS_FULL' });
      expect(readdirSync(root)).toEqual([]);
    },
  );
});
