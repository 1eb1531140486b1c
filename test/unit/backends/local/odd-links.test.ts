import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { blockingCalls, inlineCalls, pooledCalls } from '../../../../src/backends/local/syscalls.js';
import { localVfs, Lockfile, lockSync, VfsFile } from '../../../../src/index.js';
import { publicNames } from '../../../support/names.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-links-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

function refuseLinks(code: string): void {
  for (const calls of [blockingCalls, inlineCalls, pooledCalls]) {
    vi.spyOn(calls, 'link').mockImplementation(() => {
      throw Object.assign(new Error(`${code}: link`), { code });
    });
  }
}

const lockOf = (hardLinks = true): Lockfile => new Lockfile(new VfsFile(localVfs({ root: folder, hardLinks }), 'x'));

describe('B22: a disk that refuses hard links', () => {
  it.each(['EPERM', 'ENOSYS', 'EMLINK', 'EXDEV', 'EINVAL', 'ENOTSUP', 'Unknown system error -524'])(
    'in its own way (%s) is locked without them',
    async (code) => {
      refuseLinks(code);
      const lock = lockOf();
      await lock.acquire({ wait: 0 });
      expect(await lockOf().tryAcquire()).toBe(false);
      expect(await lock.release()).toBe(true);
      expect(publicNames(folder)).toEqual([]);
      lockSync(join(folder, 'y')).release();
    },
  );

  it('to some programs only (EACCES) is not locked, and the error says what to do', async () => {
    refuseLinks('EACCES');
    const denied = { code: 'ERR_VFS_DENIED', message: expect.stringContaining('set hardLinks: false') as string };
    await expect(lockOf().acquire()).rejects.toMatchObject(denied);
    expect(() => lockSync(join(folder, 'y'))).toThrow(expect.objectContaining(denied) as Error);
    const lock = lockOf(false);
    await lock.acquire();
    expect(await lock.release()).toBe(true);
  });
});
