import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { localVfs, Lockfile, lockSync, VfsFile } from '../../../src/index.js';
import { encodeRecord } from '../../../src/lock/model/record.js';
import { foreign } from '../../support/operate/locks.js';
import { cleanTemporaryFolders } from '../../support/users/attacks.js';

let folder = '';
let guard = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-foreign-'));
  guard = join(folder, 'data.csv.lock.guard');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function lockHere(ttl: number | string = '30s'): Lockfile {
  return new Lockfile(new VfsFile(localVfs({ root: folder }), 'data.csv'), { ttl, renew: false });
}

/** What somebody else left in a guard: how to make it, and how an error names it. */
const intruders: [string, (guard: string) => void, string][] = [
  ['a folder', (at) => mkdirSync(join(at, 'backup', '2026'), { recursive: true }), 'backup'],
  ['a file', (at) => writeFileSync(join(at, 'accounts.db'), 'precious'), 'accounts.db'],
  ['a file with the name of a hash', (at) => writeFileSync(join(at, 'f'.repeat(32)), 'cached'), 'f'.repeat(32)],
  ['a link', (at) => symlinkSync('/nowhere', join(at, 'current')), 'current'],
  ['a name that is no UTF-8', (at) => writeFileSync(Buffer.from(`${at}/\xff\xfe`, 'latin1'), ''), '\ufffd'],
];

describe.each(intruders)('W1: %s of a stranger in the guard', (_what, intrude, name) => {
  function intrudeAt(at: string): void {
    mkdirSync(at);
    intrude(at);
  }
  const error = {
    code: 'ERR_VFS_NOT_A_FILE',
    message: expect.stringMatching(new RegExp(`data\\.csv\\.lock\\.guard.*${name}`)) as string,
  };

  test('fails a renewal and a release by name, and is left alone', async () => {
    const lock = lockHere();
    await lock.acquire({ wait: 0 });
    cleanTemporaryFolders(folder);
    intrudeAt(guard);
    const before = readdirSync(guard, { recursive: true });
    await expect(lock.renew()).rejects.toMatchObject(error);
    await expect(lock.release()).rejects.toMatchObject(error);
    expect(readdirSync(guard, { recursive: true })).toEqual(before);
  });

  test('fails a takeover by name, although there is time to wait', async () => {
    writeFileSync(join(folder, 'data.csv.lock'), encodeRecord(foreign({ leaseMs: 1 })));
    intrudeAt(guard);
    await sleep(20);
    await expect(lockHere().acquire({ wait: '1h' })).rejects.toMatchObject(error);
  });

  test('fails a lock of the synchronous interface by name', () => {
    const held = lockSync(join(folder, 'data.csv'));
    cleanTemporaryFolders(folder);
    intrudeAt(guard);
    expect(() => held.release()).toThrow(expect.objectContaining(error));
  });
});

describe.each<[string, (guard: string) => void]>([
  ['a file', (at) => writeFileSync(at, 'precious')],
  ['a dangling link', (at) => symlinkSync('/nowhere', at)],
  ['a link to a folder', (at) => symlinkSync(folder, at)],
])('W4: %s in the place of the guard', (_what, make) => {
  const error = {
    code: 'ERR_VFS_NOT_A_FILE',
    message: expect.stringContaining('data.csv.lock.guard is no folder') as string,
  };

  test('fails renewal, release and takeover by an error that names the guard', async () => {
    const lock = lockHere();
    await lock.acquire({ wait: 0 });
    cleanTemporaryFolders(folder);
    make(guard);
    await expect(lock.renew()).rejects.toMatchObject(error);
    await expect(lock.release()).rejects.toMatchObject(error);
    writeFileSync(join(folder, 'data.csv.lock'), encodeRecord(foreign({ leaseMs: 1 })));
    await sleep(20);
    await expect(lockHere().acquire({ wait: '1h' })).rejects.toMatchObject(error);
    expect(readdirSync(folder).sort()).toEqual(['data.csv.lock', 'data.csv.lock.guard']);
  });
});

describe("a foreign name in the holder's folder of somebody else's record", () => {
  test('fails the takeover by an error that names it, and is left alone', async () => {
    const via = '0123456789abcdef'.repeat(2);
    const holder = join(folder, `.vfs-lockfile-${via}`);
    mkdirSync(holder);
    writeFileSync(join(holder, `vfs-lockfile-${via}.1.new`), 'an entry');
    writeFileSync(join(holder, 'thesis.txt'), 'precious');
    writeFileSync(join(folder, 'data.csv.lock'), encodeRecord({ ...foreign({ leaseMs: 1 }), via }));
    await sleep(20);
    const error = { code: 'ERR_VFS_NOT_A_FILE', message: expect.stringMatching(`${via}.*thesis\\.txt`) as string };
    await expect(lockHere().acquire({ wait: '1h' })).rejects.toMatchObject(error);
    expect(readFileSync(join(holder, 'thesis.txt'), 'utf8')).toBe('precious');
    rmSync(join(holder, 'thesis.txt'));
    const lock = lockHere();
    await lock.acquire({ wait: '1h' });
    expect(await lock.release()).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  });
});
