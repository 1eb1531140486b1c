import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import { localVfs, Lockfile, VfsError, VfsFile, withLock, type Vfs } from '../../../src/index.js';
import { publicNames } from '../../support/names.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-plain-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const bytes = (text: string): Uint8Array => Buffer.from(text);

async function refused(call: Promise<unknown>): Promise<VfsError> {
  const error = await call.then(
    () => 'nothing',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(VfsError);
  return error as VfsError;
}

async function pathsIn(vfs: Vfs): Promise<readonly string[]> {
  const paths: string[] = [];
  for await (const { path } of vfs.list('', { recursive: true })) paths.push(path);
  return paths.sort();
}

describe.each<[string, () => Vfs]>([
  ['memory', () => memVfs()],
  ['a local disk', () => localVfs({ root: folder })],
  ['a local disk without hard links', () => localVfs({ root: folder, hardLinks: false })],
])('where a file is expected and a folder is, on %s,', (_store, make) => {
  let vfs: Vfs;
  beforeEach(async () => {
    vfs = make();
    await vfs.write('folder/inside', bytes('inside'));
    await vfs.write('file', bytes('file'));
  });
  afterEach(async () => {
    expect(await pathsIn(vfs)).toEqual(['file', 'folder/inside']);
    expect(Buffer.from((await vfs.read('folder/inside'))!.data).toString()).toBe('inside');
  });

  test.each<[string, (vfs: Vfs) => Promise<unknown>]>([
    ['read', (vfs) => vfs.read('folder')],
    ['write', (vfs) => vfs.write('folder', bytes('x'))],
    ['delete', (vfs) => vfs.delete('folder')],
    ['move', (vfs) => vfs.move('folder', 'elsewhere')],
    ['readStream', (vfs) => vfs.readStream('folder').toArray()],
  ])('%s says so and changes nothing', async (_verb, call) => {
    const { code, effect } = await refused(call(vfs));
    expect({ code, effect }).toEqual({ code: 'ERR_VFS_NOT_A_FILE', effect: 'none' });
  });

  test('create loses, or says so', async () => {
    const answer: unknown = await vfs.create('folder', bytes('x')).catch((error: unknown) => error);
    if (answer !== undefined) expect(answer).toMatchObject({ code: 'ERR_VFS_NOT_A_FILE', effect: 'none' });
  });

  test('stat knows no such file', async () => {
    expect(await vfs.stat('folder')).toBeUndefined();
  });

  test('move onto it is refused as onto any other', async () => {
    expect((await refused(vfs.move('file', 'folder'))).code).toBe('ERR_VFS_EXISTS');
  });

  test('a lock can stand beside it, and the file that it would lock cannot be read', async () => {
    const file = new VfsFile(vfs, 'folder');
    const code = await withLock(file, async (locked) => (await refused(locked.read())).code);
    expect(code).toBe('ERR_VFS_NOT_A_FILE');
  });
});

describe('a FIFO or a socket in the place of a file', () => {
  beforeEach(() => {
    execFileSync('mkfifo', [join(folder, 'fifo')]);
  });

  test('is no file, and nobody waits for its other end', async () => {
    const server = createServer().listen(join(folder, 'socket'));
    await once(server, 'listening');
    const vfs = localVfs({ root: folder });
    for (const name of ['fifo', 'socket']) {
      expect((await refused(vfs.read(name))).code).toBe('ERR_VFS_NOT_A_FILE');
      expect((await refused(vfs.readStream(name).toArray())).code).toBe('ERR_VFS_NOT_A_FILE');
      expect(() => vfs.sync.read(name)).toThrow(VfsError);
      expect(await vfs.stat(name)).toBeUndefined();
    }
    expect(await pathsIn(vfs)).toEqual([]);
    server.close();
  });
});

const mayMount = process.getuid?.() === 0;
if (!mayMount && process.env.CI) throw new Error('these tests need root, to mount small disks');

describe.skipIf(!mayMount)('on a disk that is full (needs root, to mount a small one)', () => {
  let disk = '';
  beforeEach(() => {
    disk = join(folder, 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'vfs-lockfile-test', disk]);
  });
  afterEach(() => {
    execFileSync('umount', [disk]);
  });

  /** All but the directory entries, of which a tmpfs has plenty. */
  function fill(): void {
    const { bfree, bsize } = statfsSync(disk);
    writeFileSync(join(disk, 'filler'), new Uint8Array(bfree * bsize));
  }

  const FULL = { code: 'ERR_VFS_FULL' };
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < 100; i += 1) yield await Promise.resolve(new Uint8Array(10_000));
  };

  test('a write leaves the old file as it was, and nothing of the new one', async () => {
    const vfs = localVfs({ root: disk });
    await vfs.write('data.csv', bytes('old'));
    for (const data of [new Uint8Array(1_000_000), pieces()]) {
      await expect(vfs.write('data.csv', data)).rejects.toMatchObject(FULL);
    }
    expect(readdirSync(disk)).toEqual(['data.csv']);
    expect(readFileSync(join(disk, 'data.csv'), 'utf8')).toBe('old');
  });

  test('a commit leaves the old file as it was, and nothing of the new one', async () => {
    const vfs = localVfs({ root: disk });
    await vfs.write('data.csv', bytes('old'));
    const lock = new Lockfile(new VfsFile(vfs, 'data.csv'), { fencing: true });
    await lock.acquire();
    for (const data of [new Uint8Array(1_000_000), pieces()]) {
      await expect(lock.commit('data.csv', data)).rejects.toMatchObject(FULL);
    }
    await lock.commit('data.csv', 'new');
    await lock.release();
    expect(publicNames(disk)).toEqual(['data.csv', 'data.csv.lock']);
    expect(readFileSync(join(disk, 'data.csv'), 'utf8')).toBe('new');
  });

  test.each([true, false])(
    'a move from another disk fails and the file stays where it was (hard links: %s)',
    async (hardLinks) => {
      const vfs = localVfs({ root: folder, hardLinks });
      const data = Buffer.alloc(1_000_000, 'x');
      writeFileSync(join(folder, 'data.csv'), data);
      await expect(vfs.move('data.csv', 'disk/in/data.csv')).rejects.toMatchObject(FULL);
      expect(readFileSync(join(folder, 'data.csv')).equals(data)).toBe(true);
      expect(await pathsIn(vfs)).toEqual(['data.csv']);
      writeFileSync(join(folder, 'data.csv'), 'smaller');
      await vfs.move('data.csv', 'disk/in/data.csv');
      expect(readFileSync(join(disk, 'in/data.csv'), 'utf8')).toBe('smaller');
      expect(existsSync(join(folder, 'data.csv'))).toBe(false);
    },
  );

  test.each([true, false])('a lock is refused, and a held one still given back (hard links: %s)', async (hardLinks) => {
    const vfs = localVfs({ root: disk, hardLinks });
    await withLock(new VfsFile(vfs, 'data.csv'), async (_file, lock) => {
      fill();
      await expect(withLock(new VfsFile(vfs, 'other.csv'), () => 1)).rejects.toMatchObject(FULL);
      await expect(lock.renew()).rejects.toMatchObject(FULL);
      lock.assertHeld();
    });
    expect(readdirSync(disk)).toEqual(['filler']);
  });
});

test("S2: what stands in a lock's guard and is nobody's entry stays, and is named in the error", async () => {
  const vfs = localVfs({ root: folder });
  const { version } = (await vfs.create('data.csv.lock', bytes('record')))!;
  mkdirSync(join(folder, 'data.csv.lock.guard'));
  writeFileSync(join(folder, 'data.csv.lock.guard', 'thesis.txt'), 'mine');
  const { code, effect, message } = await refused(vfs.remove('data.csv.lock', version));
  expect({ code, effect }).toEqual({ code: 'ERR_VFS_NOT_A_FILE', effect: 'none' });
  expect(message).toContain(`${folder}/data.csv.lock.guard contains "thesis.txt"`);
  expect(() => vfs.sync.remove('data.csv.lock', version)).toThrow(VfsError);
  expect(readdirSync(folder).sort()).toEqual(['data.csv.lock', 'data.csv.lock.guard']);
  expect(readFileSync(join(folder, 'data.csv.lock.guard', 'thesis.txt'), 'utf8')).toBe('mine');
});
