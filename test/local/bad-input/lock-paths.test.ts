import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Lockfile, lockSync, localVfs, openFile, VfsFile, withLock } from '../../../src/index.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-paths-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const WRONG_KINDS = [
  ['a symbolic link', (path: string) => symlinkSync('victim', path), /is a symbolic link/],
  ['a dangling symbolic link', (path: string) => symlinkSync('nobody', path), /is a symbolic link/],
  ['a FIFO', (path: string) => execFileSync('mkfifo', [path]), /is not a regular file/],
] as const;

describe.each(WRONG_KINDS)('where the lock should be there is %s', (_kind, make, message) => {
  const refusal = { code: 'ERR_VFS_NOT_A_FILE', message: expect.stringMatching(message) as string };

  beforeEach(() => {
    writeFileSync(join(folder, 'victim'), 'untouched');
    make(join(folder, 'data.csv.lock'));
  });

  test.each([true, false])('it is refused and left alone (hard links: %s)', async (hardLinks) => {
    const file = new VfsFile(localVfs({ root: folder, hardLinks }), 'data.csv');
    await expect(withLock(file, () => 1)).rejects.toMatchObject(refusal);
    await expect(new Lockfile(file).tryAcquire()).rejects.toMatchObject(refusal);
    expect(() => lockSync(file)).toThrow(message);
    expect(readdirSync(folder).sort()).toEqual(['data.csv.lock', 'victim']);
    expect(readFileSync(join(folder, 'victim'), 'utf8')).toBe('untouched');
  });
});

describe('a path that no lock can have is refused', () => {
  test('an empty one', async () => {
    await expect(openFile('')).rejects.toMatchObject({ code: 'ERR_VFS_PATH' });
  });

  test('one that leads above the root', async () => {
    await expect(openFile('/../etc/passwd')).rejects.toMatchObject({ code: 'ERR_VFS_PATH' });
    await expect(openFile('../'.repeat(40) + 'x')).rejects.toMatchObject({ code: 'ERR_VFS_PATH' });
    await expect(openFile('file:///a/../../x')).rejects.toMatchObject({ code: 'ERR_VFS_PATH' });
    await expect(openFile('file:///a/%2e%2e/%2e%2e/x')).rejects.toMatchObject({ code: 'ERR_VFS_URI' });
  });

  test('one with a NUL byte', async () => {
    await expect(openFile('a\0b')).rejects.toMatchObject({ code: 'ERR_VFS_PATH' });
    await expect(openFile('file:///a%00b')).rejects.toMatchObject({ code: 'ERR_VFS_PATH' });
  });

  test('one that is too long only once the suffixes of a lock are added', async () => {
    const file = await openFile(join(folder, 'x'.repeat(250)));
    expect(() => new Lockfile(file)).toThrow(/bytes \(lock suffixes included\)/);
    await expect(withLock(file, () => 1)).rejects.toMatchObject({ code: 'ERR_VFS_PATH' });
    await withLock(join(folder, 'x'.repeat(240)), () => 1);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a folder', async () => {
    await expect(openFile(`${folder}/`)).rejects.toMatchObject({ code: 'ERR_VFS_PATH' });
  });

  test('one of an unknown scheme, and the known ones are listed', async () => {
    await expect(openFile('gopher://host/x')).rejects.toThrow(/unknown scheme gopher; known are file, mem/);
  });

  test.each(['file://host/x', 'file:///a%zz', 'mem://host/x', 'file:///a?b', 'file:///a#b'])(
    'the malformed %s',
    async (uri) => {
      await expect(openFile(uri)).rejects.toMatchObject({ code: 'ERR_VFS_URI' });
    },
  );

  test('one in a folder that does not exist, and none is made', async () => {
    const missing = join(folder, 'missing', 'data.csv');
    await expect(withLock(missing, () => 1)).rejects.toMatchObject({ code: 'ERR_VFS_NOT_FOUND' });
    expect(() => lockSync(missing)).toThrow(`there is no folder ${join(folder, 'missing')}; make it first`);
    expect(readdirSync(folder)).toEqual([]);
  });
});
