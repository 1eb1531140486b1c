import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { sweep } from '../../../src/admin/index.js';
import { localVfs, Lockfile, lockSync, VfsFile } from '../../../src/index.js';
import { cleanTemporaryFolders } from '../../support/users/attacks.js';
import { ANNE, BERT, Installed, TEAM, type User } from '../../support/users/other-users.js';

const mayActAsOthers = process.getuid?.() === 0;
if (!mayActAsOthers && process.env.CI) throw new Error('these tests need root, to act as other users');

const ROOT: User = { uid: 0, gid: 0 };

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-odd-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Takes, renews and releases a lock, while a cleaner of temporary files removes the holder's folder all the time. */
async function cycleDespiteCleaner(root: string): Promise<void> {
  const lock = new Lockfile(new VfsFile(localVfs({ root }), 'data.csv'), { ttl: '1h', renew: false });
  await lock.acquire({ wait: 0 });
  for (let round = 0; round < 3; round += 1) {
    cleanTemporaryFolders(root);
    await lock.renew();
  }
  cleanTemporaryFolders(root);
  expect(await lock.release()).toBe(true);
}

describe("a holder's folder that a cleaner of temporary files removes while the lock is held", () => {
  test.each(['700', '777', '1777'])('costs neither renewal nor release (mode %s)', async (mode) => {
    chmodSync(folder, Number.parseInt(mode, 8));
    await cycleDespiteCleaner(folder);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('costs no lock of the synchronous interface', () => {
    const held = lockSync(join(folder, 'data.csv'));
    cleanTemporaryFolders(folder);
    expect(held.release()).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  });
});

test('S3: sweep leaves a file in the place of a guard alone, foreign names in private folders, and folders whose names only begin like ours', async () => {
  const old = Date.now() / 1000 - 7200;
  const backup = `.vfs-lockfile-${'a'.repeat(32)}-backup`;
  const stage = `.vfs-lockfile-${'b'.repeat(32)}`;
  const hash = 'f'.repeat(32);
  for (const name of [backup, stage, 'other.lock.guard']) mkdirSync(join(folder, name));
  const files = [
    'gate.lock.guard',
    join(backup, 'precious'),
    join(backup, hash),
    join(stage, hash),
    join(stage, 'probe-old'),
    join('other.lock.guard', `${hash}.taken`),
  ];
  for (const name of files) writeFileSync(join(folder, name), 'precious');
  for (const name of [...files, backup, stage, 'other.lock.guard']) utimesSync(join(folder, name), old, old);
  await sweep(folder, { recursive: true });
  for (const name of files) expect(readFileSync(join(folder, name), 'utf8')).toBe('precious');
});

describe.skipIf(!mayActAsOthers)('in odd folders (needs root, to act as other users and to mount a disk)', () => {
  let installed: Installed;
  beforeAll(() => {
    installed = new Installed();
  });
  afterAll(() => installed.remove());

  test('W6: where links are not followed, a lock is renewed and released through the guard', async () => {
    const options = ['-t', 'tmpfs', '-o', 'nosymfollow,size=4m', 'vfs-lockfile-test', folder];
    execFileSync('mount', options);
    try {
      await cycleDespiteCleaner(folder);
      expect(readdirSync(folder)).toEqual([]);
    } finally {
      execFileSync('umount', [folder]);
    }
  });

  test("W3: root, killed in the guard in a user's own folder, does not keep the user out", async () => {
    chownSync(folder, ANNE.uid, ANNE.gid);
    chmodSync(folder, 0o755);
    for (const killAfter of [1, 2, 3, 4]) {
      expect(await installed.as(ROOT, folder, 'cycle', { killAfter })).toEqual({ signal: 'SIGKILL' });
      expect(readdirSync(folder)).toContain('data.csv.lock.guard');
      expect(await installed.as(ANNE, folder, 'cycle')).toMatchObject({ done: { released: true } });
      expect(readdirSync(folder), `killed after ${String(killAfter)}`).toEqual([]);
    }
  });

  test('a umask of 0777 hinders nobody in a folder of their own', async () => {
    chownSync(folder, ANNE.uid, ANNE.gid);
    expect(await installed.as(ANNE, folder, 'cycle', { umask: '0777' })).toMatchObject({ done: { released: true } });
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each(['775', '2775'])('a umask of 0777 hinders no member of a team (mode %s)', async (mode) => {
    chownSync(folder, 0, TEAM);
    chmodSync(folder, Number.parseInt(mode, 8));
    for (const [first, second] of [
      [ANNE, BERT],
      [BERT, ANNE],
    ] as const) {
      expect(await installed.as(first, folder, 'abandon', { umask: '0777' })).toEqual({ done: 'abandoned' });
      expect(await installed.as(second, folder, 'cycle', { umask: '0777' })).toMatchObject({
        done: { released: true },
      });
    }
    expect(readdirSync(folder)).toEqual([]);
  });
});
