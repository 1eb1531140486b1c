import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { localVfs, Lockfile, VfsFile, type Vfs } from '../../../src/index.js';
import { must } from '../../support/process.js';
import { Scene } from './scene.js';
import { missing, openSsh } from './servers.js';

const lacking = missing(openSsh);

describe.skipIf(lacking !== undefined)(`the holder's folder over SFTP${lacking ? `: ${lacking}` : ''}`, () => {
  let scene: Scene;
  beforeEach(async () => void (scene = await Scene.open(openSsh, {})));
  afterEach(() => scene.close());

  const lockOver = (vfs: Vfs): Lockfile => new Lockfile(new VfsFile(vfs, 'a'), { renew: false });
  const onDisk = (): Vfs => localVfs({ root: scene.folder });
  const folders = (): readonly string[] =>
    readdirSync(scene.folder).filter((name) => name.startsWith('.vfs-lockfile-'));

  test('is there while a record names it, and no longer', async () => {
    const [one, two] = ['one', 'two'].map((name) => new Lockfile(new VfsFile(scene.vfs, name), { renew: false }));
    await one!.acquire();
    const made = folders();
    expect(made).toEqual([`.vfs-lockfile-${one!.record?.via ?? ''}`]);
    await two!.acquire();
    await one!.renew();
    expect(folders()).toEqual(made);
    expect(await one!.release()).toBe(true);
    expect(folders()).toEqual(made);
    expect(await two!.release()).toBe(true);
    expect(readdirSync(scene.folder)).toEqual([]);
  });

  for (const [who, holder, thief] of [
    ['a process on the disk takes a lock away from one over SFTP', () => scene.vfs, onDisk],
    ['one over SFTP takes a lock away from a process on the disk', onDisk, () => scene.vfs],
    ['one over SFTP takes a lock away from another one over SFTP', () => scene.vfs, () => scene.through({})],
  ] as const) {
    test(`is removed before ${who}, whose holder then finds its lock lost`, async () => {
      const [held, other] = [lockOver(holder()), thief()];
      await held.acquire();
      const { via } = held.record!;
      expect(folders()).toContain(`.vfs-lockfile-${via}`);
      const { version } = (await other.read('a.lock'))!;
      expect(await other.remove('a.lock', version)).toBe(true);
      expect(folders()).not.toContain(`.vfs-lockfile-${via}`);
      await expect(held.renew()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'removed' });
    });
  }

  test('that somebody removed costs its holder a change through the guard, and no lock', async () => {
    const lock = lockOver(scene.vfs);
    await lock.acquire();
    for (const name of folders()) rmSync(join(scene.folder, name), { recursive: true });
    // The record of the first renewal was made for the folder that is gone.
    await lock.renew();
    await lock.renew();
    expect(folders()).toHaveLength(1);
    expect(await lock.release()).toBe(true);
    expect(readdirSync(scene.folder)).toEqual([]);
  });

  test('W1: a foreign folder in the guard fails a renewal and a release by name, and is left alone', async () => {
    const lock = lockOver(scene.vfs);
    await lock.acquire();
    for (const name of folders()) rmSync(join(scene.folder, name), { recursive: true });
    const guard = join(scene.folder, 'a.lock.guard');
    mkdirSync(join(guard, 'backup', '2026'), { recursive: true });
    const error = { code: 'ERR_VFS_NOT_A_FILE', message: expect.stringContaining('backup') as string };
    await expect(lock.renew()).rejects.toMatchObject(error);
    await expect(lock.release()).rejects.toMatchObject(error);
    expect(readdirSync(join(guard, 'backup'))).toEqual(['2026']);
  });

  test.each<[string, (guard: string) => void]>([
    ['a file', (at) => writeFileSync(at, 'precious')],
    ['a dangling link', (at) => symlinkSync('/nowhere', at)],
    ['a link to a folder', (at) => symlinkSync(scene.folder, at)],
    ['a FIFO', (at) => must('mkfifo', at)],
  ])(
    'W4: %s in the place of the guard fails a renewal and a release by an error that names it',
    async (_what, make) => {
      const lock = lockOver(scene.vfs);
      await lock.acquire();
      for (const name of folders()) rmSync(join(scene.folder, name), { recursive: true });
      make(join(scene.folder, 'a.lock.guard'));
      const error = {
        code: 'ERR_VFS_NOT_A_FILE',
        message: expect.stringContaining('a.lock.guard is no folder') as string,
      };
      await expect(lock.renew()).rejects.toMatchObject(error);
      await expect(lock.release()).rejects.toMatchObject(error);
      expect(readdirSync(scene.folder).sort()).toEqual(['a.lock', 'a.lock.guard']);
    },
  );

  test('of a connection that broke is removed by the next one before it changes anything', async () => {
    const lock = lockOver(scene.vfs);
    await lock.acquire();
    const before = folders();
    scene.proxy.cut();
    // A call that was under way when the connection broke is not repeated.
    await lock.renew().catch(() => lock.renew());
    expect(folders()).toHaveLength(1);
    expect(folders()).not.toEqual(before);
    expect(await lock.release()).toBe(true);
    expect(readdirSync(scene.folder)).toEqual([]);
  });
});
