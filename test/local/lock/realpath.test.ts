import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { sftpVfs } from '../../../src/backends/sftp/index.js';
import { localVfs, Lockfile, lockSync, VfsFile, withLock } from '../../../src/index.js';

let folder = '';
const at = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'vfs-lockfile-realpath-')));
  for (const release of ['42', '43']) mkdirSync(at(`releases/${release}`), { recursive: true });
  symlinkSync('releases/42', at('current'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('U8: realpath', () => {
  test('locks the file in the real folder, which need not exist there, also when the link is changed', async () => {
    const file = await withLock(
      at('current/data.csv'),
      (locked, lock) => {
        expect(lock.path).toBe(at('releases/42/data.csv.lock'));
        unlinkSync(at('current'));
        symlinkSync('releases/43', at('current'));
        expect(existsSync(lock.path)).toBe(true);
        return locked;
      },
      { realpath: true },
    );
    expect(String(file)).toBe(at('releases/42/data.csv'));
    expect(existsSync(at('releases/42/data.csv.lock'))).toBe(false);
  });

  test('is the same lock by both paths, and synchronously', async () => {
    const lock = await Lockfile.open(at('current/data.csv'), { realpath: true });
    await lock.acquire();
    expect(() => lockSync(at('releases/42/data.csv'), { wait: 0 })).toThrow(/another caller in this process/);
    await lock.release();
    const held = lockSync(at('current/data.csv'), { realpath: true });
    expect(String(held.file)).toBe(at('releases/42/data.csv'));
    held.release();
  });

  test('says what is not there, or not in the store', async () => {
    const none = Lockfile.open(at('nowhere/data.csv'), { realpath: true });
    await expect(none).rejects.toMatchObject({ code: 'ERR_VFS_NOT_FOUND' });
    mkdirSync(at('root'));
    symlinkSync('../releases', at('root/out'));
    const out = new VfsFile(localVfs({ root: at('root') }), 'out/data.csv');
    expect(() => out.real()).toThrow(expect.objectContaining({ code: 'ERR_VFS_PATH' }) as Error);
    expect(new VfsFile(localVfs({ root: at('current') }), 'data.csv').real().path).toBe('data.csv');
    const remote = new VfsFile(sftpVfs({ host: 'host', username: 'user' }), 'data.csv');
    expect(() => new Lockfile(remote, { realpath: true })).toThrow(
      expect.objectContaining({ code: 'ERR_VFS_UNSUPPORTED' }) as Error,
    );
  });
});
