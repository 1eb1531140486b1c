import { describe, expect, it } from 'vitest';

import { forceRelease, inspect } from '../../../src/admin/index.js';
import { memVfs } from '../../../src/backends/mem/index.js';
import { Lockfile, LockOptionError, VfsFile, withLock } from '../../../src/index.js';

describe('lockPath', () => {
  it('names another lock file, relative to the folder of the file, absolute, by URI, or as a file', async () => {
    const vfs = memVfs();
    const file = new VfsFile(vfs, 'project/yarn');
    const lockPath = '../locks/yarn.lock';
    const same = [
      '/locks/yarn.lock',
      vfs.locate('locks/yarn.lock'),
      new VfsFile(vfs, 'locks/yarn.lock'),
      '../locks/yarn.lock',
    ];
    await vfs.write('project/yarn.lock', Buffer.from('# yarn lockfile v1'));
    await vfs.write('locks/.keep', new Uint8Array());
    await withLock(
      file,
      async (_file, lock) => {
        expect(lock.path).toBe(vfs.locate('locks/yarn.lock'));
        for (const one of same) {
          expect(await new Lockfile(file, { lockPath: one }).tryAcquire()).toBe(false);
          expect(await inspect(file, { lockPath: one })).toMatchObject({ state: 'held', id: lock.record?.lockId });
        }
        expect(await inspect(file)).toMatchObject({ state: 'foreign', id: undefined });
      },
      { lockPath },
    );
    const lock = new Lockfile(file, { lockPath });
    await lock.acquire();
    const { id = '' } = await inspect(file, { lockPath });
    expect(await forceRelease(file, { expect: id, lockPath })).toBe(true);
    expect((await inspect(file, { lockPath })).state).toBe('released');
  });

  it('is refused when it is in another store, or is the locked file itself', async () => {
    const file = new VfsFile(memVfs(), 'a');
    expect(() => new Lockfile(file, { lockPath: 'a' })).toThrow(LockOptionError);
    expect(() => new Lockfile(file, { lockPath: 's3://bucket/a.lock' })).toThrow(/store/);
    expect(() => new Lockfile(file, { lockPath: new VfsFile(memVfs(), 'b') })).toThrow(/store/);
    await expect(inspect(file, { lockPath: '' })).rejects.toMatchObject({ code: 'ERR_VFS_PATH' });
  });
});
