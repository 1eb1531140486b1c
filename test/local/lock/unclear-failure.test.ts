import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { localVfs } from '../../../src/backends/local/index.js';
import { blockingCalls, inlineCalls } from '../../../src/backends/local/syscalls.js';
import { Lockfile, VfsFile } from '../../../src/index.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-unclear-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** Calls of link and rename that reach the lock file are made, and then fail. */
function failAfterwards(code: string): void {
  for (const calls of [blockingCalls, inlineCalls]) {
    for (const name of ['link', 'rename'] as const) {
      const call = calls[name].bind(calls);
      vi.spyOn(calls, name).mockImplementation((from, to) => {
        void call(from, to);
        if (to.endsWith('.lock')) throw Object.assign(new Error(code), { code });
      });
    }
  }
}

it.each([
  ['EIO', 'unknown'],
  ['ETIMEDOUT', 'unknown'],
  ['EACCES', 'none'],
])('A4: a create that fails with %s has the effect %s', async (code, effect) => {
  const vfs = localVfs({ root: folder });
  await vfs.read('warm');
  failAfterwards(code);
  await expect(vfs.create('a.lock', Buffer.from('{}'))).rejects.toMatchObject({ effect });
  expect(() => vfs.sync.create('b.lock', Buffer.from('{}'))).toThrow(expect.objectContaining({ effect }));
});

it('A4: an acquisition leaves no lock behind after a failure that hides that the lock was made', async () => {
  const vfs = localVfs({ root: folder });
  failAfterwards('EIO');
  const lock = new Lockfile(new VfsFile(vfs, 'data.csv'));
  const held = await lock.tryAcquire().catch(() => false);
  if (held) expect(lock.held).toBe(true);
  else expect(readdirSync(folder).filter((name) => name.endsWith('.lock'))).toEqual([]);
});
