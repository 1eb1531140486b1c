import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { sftpVfs, type SftpVfs } from '../../../src/backends/sftp/index.js';
import { Lockfile, VfsFile } from '../../../src/index.js';
import { publicNames } from '../../support/names.js';
import { Scene } from './scene.js';
import { excluding, missing, openSsh, startServer } from './servers.js';
import { chrooted } from './special-servers.js';

const mayMount = process.getuid?.() === 0;
if (!mayMount && process.env.CI) throw new Error('these tests need root, to mount small disks');

for (const kind of excluding) {
  const lacking = missing(kind) ?? (mayMount ? undefined : 'needs root, to mount small disks');
  describe.skipIf(lacking !== undefined)(`the disk of ${kind.name}${lacking ? `: ${lacking}` : ''}`, () => {
    let scene: Scene;
    let place: string;
    let disk: string;
    let vfs: SftpVfs;
    beforeAll(async () => void (scene = await Scene.open(kind, {})));
    afterAll(() => scene.close());
    beforeEach(() => {
      place = join(scene.folder, 'disk');
      mkdirSync(place);
      // Some servers have mounts of their own, which nobody else sees in the same place.
      disk = join(`/proc/${String(scene.server.pid)}/root`, place);
      vfs = scene.through({ root: place });
    });
    afterEach(() => {
      vfs.close();
      asServer('umount', '-l', place);
      rmSync(place, { recursive: true });
    });

    function mount(options: string): void {
      asServer('mount', '-t', 'tmpfs', '-o', options, 'vfs-lockfile-test', place);
    }

    function asServer(...command: readonly string[]): void {
      execFileSync('nsenter', ['-t', String(scene.server.pid), '-m', ...command]);
    }

    function lockOn(name: string): Lockfile {
      return new Lockfile(new VfsFile(vfs, name), { ttl: '1s', renew: false });
    }

    for (const [what, fill] of [
      ['no byte', fillBytes],
      ['no name', takeAllNames],
    ] as const) {
      test(`with room for ${what} refuses a lock, and nothing of it is left`, async () => {
        mount('size=256k,nr_inodes=64,mode=777');
        const connected = lockOn('connected');
        await connected.acquire();
        expect(await connected.release()).toBe(true);
        fill(disk);
        const before = readdirSync(disk);
        await expect(lockOn('a').acquire({ wait: 0 })).rejects.toMatchObject({ code: 'ERR_VFS_FULL', effect: 'none' });
        // A connection that is new has to try first what the server can do.
        const newcomer = scene.through({ root: place });
        const lock = new Lockfile(new VfsFile(newcomer, 'a'));
        await expect(lock.acquire({ wait: 0 })).rejects.toMatchObject({ code: 'ERR_VFS_FULL', effect: 'none' });
        newcomer.close();
        expect(readdirSync(disk)).toEqual(before);
      });
    }

    test('that fills up under a lock ends it at its deadline, and it is free once there is room', async () => {
      mount('size=256k,nr_inodes=64,mode=777');
      // Long enough for a busy machine to fill the disk before the lease is over.
      const lock = new Lockfile(new VfsFile(vfs, 'a'), { ttl: '10s', renew: false });
      await lock.acquire();
      takeAllNames(disk);
      await expect(lock.renew()).rejects.toMatchObject({ code: 'ERR_VFS_FULL' });
      const loss = await lock.lost;
      expect(loss).toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'expired' });
      makeRoom(disk);
      const next = new Lockfile(new VfsFile(vfs, 'a'));
      await next.acquire({ wait: '5m' });
      expect(next.reclaimedFrom?.reason).toBe('expired');
      expect(await next.release()).toBe(true);
      expect(readdirSync(disk)).toEqual([]);
    });

    test('that is full lets no release with fencing succeed, keeps the count, and the release can be repeated', async () => {
      for (const [token, fill] of [fillBytes, takeAllNames].entries()) {
        if (token === 0) mount('size=256k,nr_inodes=64,mode=777');
        const lock = new Lockfile(new VfsFile(vfs, 'a'), { fencing: true, renew: false, ttl: '10m' });
        await lock.acquire();
        expect(lock.fencingToken).toBe(BigInt(token + 1));
        const lockId = lock.record?.lockId ?? '';
        fill(disk);
        await expect(lock.release()).rejects.toMatchObject({ code: 'ERR_VFS_FULL' });
        expect(await lock.metadata()).toMatchObject({ lockId, released: false });
        makeRoom(disk);
        expect([await lock.release(), await lock.release()]).toEqual([true, false]);
        expect(await lock.metadata()).toMatchObject({ released: true, fencingToken: String(token + 1) });
        expect(publicNames(disk)).toEqual(['a.lock']);
      }
    });

    test('that fills up in the middle of a commit keeps the old file whole, the lock, and no half of the new one', async () => {
      mount('size=256k,mode=777');
      const file = new VfsFile(vfs, 'data.csv');
      const lock = new Lockfile(file, { fencing: true });
      await lock.acquire();
      await lock.commit(file, 'old');
      await expect(lock.commit(file, new Uint8Array(400_000))).rejects.toMatchObject({ code: 'ERR_VFS_FULL' });
      expect(await file.readText()).toBe('old');
      expect(publicNames(disk)).toEqual(['data.csv', 'data.csv.lock']);
      await lock.confirm();
      await lock.commit(file, 'new');
      expect([await file.readText(), await lock.release()]).toEqual(['new', true]);
    });

    test('that is read-only refuses a lock', async () => {
      mount('ro');
      await expect(lockOn('a').acquire({ wait: 0 })).rejects.toMatchObject({ code: 'ERR_VFS_DENIED', effect: 'none' });
    });

    test('shows what stands in the place of a lock without opening it', async () => {
      mount('size=256k,mode=777');
      execFileSync('mkfifo', [join(disk, 'fifo.lock'), join(disk, 'fifo')]);
      mkdirSync(join(disk, 'folder.lock'));
      const socket = createServer().listen(join(disk, 'socket.lock'));
      await once(socket, 'listening');
      const refused = { code: 'ERR_VFS_NOT_A_FILE', effect: 'none' };
      for (const name of ['fifo', 'folder', 'socket']) {
        // A folder that was touched just now is the lock of another program (F10).
        const found = name === 'folder' ? { code: 'ERR_LOCK_HELD' } : refused;
        await expect(lockOn(name).acquire({ wait: 0 })).rejects.toMatchObject(found);
        if (name !== 'folder') await expect(lockOn(name).metadata()).rejects.toMatchObject(refused);
        const version = (await vfs.create('any.lock', Buffer.from(name)))!.version;
        await expect(vfs.replace(`${name}.lock`, version, Buffer.from('x'))).rejects.toMatchObject(refused);
        await expect(vfs.remove(`${name}.lock`, version)).rejects.toMatchObject(refused);
        expect(await vfs.remove('any.lock', version)).toBe(true);
      }
      await expect(vfs.readStream('fifo').toArray()).rejects.toMatchObject(refused);
      socket.close();
      await once(socket, 'close');
      expect(readdirSync(disk).sort()).toEqual(['fifo', 'fifo.lock', 'folder.lock']);
    });

    test('a folder deleted under a lock ends it at its deadline, and others get it once the folder is back', async () => {
      mount('size=256k,mode=777');
      const folder = join(disk, 'inbox');
      mkdirSync(folder, { mode: 0o777 });
      execFileSync('chmod', ['777', folder]);
      const lock = lockOn('inbox/a');
      await lock.acquire();
      rmSync(folder, { recursive: true });
      await expect(lock.renew()).rejects.toMatchObject({ code: 'ERR_VFS_NOT_FOUND' });
      expect((await lock.lost).reason).toBe('expired');
      await expect(lock.release()).rejects.toMatchObject({ code: 'ERR_VFS_NOT_FOUND' });
      mkdirSync(folder);
      execFileSync('chmod', ['777', folder]);
      const next = lockOn('inbox/a');
      await next.acquire({ wait: 0 });
      expect(await next.release()).toBe(true);
      expect(readdirSync(folder)).toEqual([]);
    });
  });
}

const chrootLacking = missing(chrooted);
test.skipIf(chrootLacking !== undefined)(
  `a chroot without permission to write refuses a lock${chrootLacking ? `: ${chrootLacking}` : ''}`,
  async () => {
    const server = await startServer(chrooted);
    const vfs = sftpVfs({ ...server.options, root: '/' });
    try {
      writeFileSync(join(server.folder, 'data.csv'), 'a,b');
      expect((await vfs.read('data.csv'))?.data).toEqual(Buffer.from('a,b'));
      const lock = new Lockfile(new VfsFile(vfs, 'data.csv'));
      await expect(lock.acquire({ wait: 0 })).rejects.toMatchObject({ code: 'ERR_VFS_DENIED', effect: 'none' });
      expect(readdirSync(server.folder)).toEqual(['data.csv']);
    } finally {
      vfs.close();
      await server.dispose();
    }
  },
);

test.skipIf(missing(openSsh) !== undefined)('a lock in a folder that is not there is refused as such', async () => {
  const scene = await Scene.open(openSsh, {});
  try {
    const lock = new Lockfile(new VfsFile(scene.vfs, 'no/such/folder/a'));
    await expect(lock.acquire({ wait: 0 })).rejects.toMatchObject({ code: 'ERR_VFS_NOT_FOUND', effect: 'none' });
    expect(scene.listing).toEqual([]);
  } finally {
    await scene.close();
  }
});

function fillBytes(disk: string): void {
  const { bfree, bsize } = statfsSync(disk);
  writeFileSync(join(disk, 'filler'), new Uint8Array(bfree * bsize));
}

function takeAllNames(disk: string): void {
  for (let i = 0; statfsSync(disk).ffree > 0; i += 1) writeFileSync(join(disk, `filler-${String(i)}`), '');
}

function makeRoom(disk: string): void {
  for (const name of readdirSync(disk)) if (name.startsWith('filler')) unlinkSync(join(disk, name));
}
