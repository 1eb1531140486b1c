import { closeSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from 'vitest';

import { localVfs, Lockfile, lockSync, VfsFile } from '../../../src/index.js';
import { FuseDisk, lacksFuse } from '../../support/fuse/mounts.js';
import { foreign, putLock } from '../../support/operate/locks.js';

// What NFS does to locks, on a file system behind FUSE that does the same on demand: kernels without NFS run this, too.

const ENOENT = 2;
const EIO = 5;
const EEXIST = 17;
const ESTALE = 116;

const lacking = lacksFuse();
const title = (text: string): string => (lacking === '' ? text : `${text} (${lacking})`);

let disk: FuseDisk | undefined;
let root = '';
async function mount(options: { readonly keepsOpen?: boolean } = {}): Promise<FuseDisk> {
  disk = await FuseDisk.mount(options);
  [root = ''] = disk.paths;
  return disk;
}
afterEach(async () => {
  await disk?.remove();
  disk = undefined;
});

const lockOn = (name = 'data.csv'): Lockfile =>
  new Lockfile(new VfsFile(localVfs({ root }), name), { renew: false, ttl: '5m' });

async function held(): Promise<Lockfile> {
  const lock = lockOn();
  await lock.acquire({ wait: 0 });
  return lock;
}

describe.skipIf(lacking !== '')(title('B12: while somebody has the lock file open on NFS'), () => {
  const OPEN = { keepsOpen: true };

  test('it is renewed, released and taken again, and nothing stays in the guard', async () => {
    await mount(OPEN);
    const lock = await held();
    // A request may be repeated here: no record names a holder's folder.
    expect(lock.record?.via).toBe('');
    const readers = [openSync(join(root, 'data.csv.lock'), 'r')];
    await lock.renew();
    readers.push(openSync(join(root, 'data.csv.lock'), 'r'));
    expect(await lock.release()).toBe(true);
    expect(readdirSync(root).every((name) => name.startsWith('.nfs'))).toBe(true);
    const next = await held();
    readers.push(openSync(join(root, 'data.csv.lock'), 'r'));
    expect(await next.release()).toBe(true);
    for (const fd of readers) closeSync(fd);
    lockSync(join(root, 'data.csv')).release();
    await expect.poll(() => readdirSync(root), { timeout: 60_000 }).toEqual([]);
  });

  test('a dead lock is taken over', async () => {
    await mount(OPEN);
    await putLock(localVfs({ root }), 'data.csv', foreign({ leaseMs: 100 }));
    const reader = openSync(join(root, 'data.csv.lock'), 'r');
    const lock = lockOn();
    await lock.acquire({ wait: '5m' });
    expect(await lock.release()).toBe(true);
    closeSync(reader);
  });
});

describe.skipIf(lacking !== '')(title('B13: an NFS server that says ESTALE'), () => {
  test.each([
    ['ESTALE three times', 'READ', ESTALE, 3],
    ['EIO once', 'READ', EIO, 1],
    ['ESTALE for attributes', 'GETATTR', ESTALE, 2],
  ])('or %s is asked again while a caller waits', async (_what, op, errno, times) => {
    const server = await mount();
    await putLock(localVfs({ root }), 'data.csv', foreign({ leaseMs: 300 }));
    await server.fail({ op, errno, times });
    const lock = lockOn();
    await lock.acquire({ wait: '5m' });
    expect(await lock.release()).toBe(true);
  });

  test('about a folder that a change staged lets it stage again', async () => {
    const server = await mount();
    const lock = await held();
    await server.fail({ op: 'RENAME', name: 'lock.guard$', errno: ESTALE, times: 2 });
    await lock.renew();
    expect(await lock.release()).toBe(true);
    expect(readdirSync(root)).toEqual([]);
  });
});

describe.skipIf(lacking !== '')(title('B14: an NFS server that did a request, and is asked to do it again'), () => {
  const repeated = [
    ['the act of a release', 'RENAME', '\\.taken$', ENOENT],
    ['the act of a renewal', 'RENAME', '^data.csv.lock$', ENOENT],
    ['the way into the guard', 'RENAME', 'lock.guard$', ENOENT],
    ['a staged folder', 'MKDIR', '^.vfs-lockfile-', EEXIST],
    ['an entry', 'MKDIR', '^vfs-lockfile-[0-9a-f]{32}$', EEXIST],
    ['a staged file', 'CREATE', '^vfs-lockfile-[0-9a-f]{32}$', EEXIST],
    ['the removal of what was taken', 'UNLINK', '', ENOENT],
    ['the removal of a folder', 'RMDIR', '', ENOENT],
  ] as const;

  test.each(repeated)('(%s): a lock is renewed and released, and nothing is lost', async (_what, op, name, errno) => {
    const server = await mount();
    const lock = await held();
    await server.fail({ op, name, errno, done: true });
    await lock.renew();
    expect(await lock.release()).toBe(true);
    expect(lock.loss).toBeUndefined();
    expect(readdirSync(root)).toEqual([]);
  });

  test("(the link of a creation): the lock is recognised as one's own", async () => {
    const server = await mount();
    await server.fail({ op: 'LINK', errno: EEXIST, done: true });
    const lock = await held();
    expect(await lockOn().tryAcquire()).toBe(false);
    expect(await lock.release()).toBe(true);
    expect(readdirSync(root)).toEqual([]);
  });
});
