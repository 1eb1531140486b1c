import { mkdtempSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { sftpVfs, type SftpVfs, type SftpVfsOptions } from '../../src/backends/sftp.js';
import { localVfs, Lockfile, VfsError, VfsFile } from '../../src/index.js';
import { Proxy } from './proxy.js';
import { missing, openSsh, startServer, type Server } from './servers.js';

const lacking = missing(openSsh);
const QUICK = { keepalive: '300ms', timeout: '1s', connectTimeout: '1s', reconnect: '3s' } as const;

/** More pieces than any of the calls sends or gets. */
const MOST_STEPS = 6;

describe.skipIf(lacking !== undefined)(`faults on the way to OpenSSH${lacking ? `: ${lacking}` : ''}`, () => {
  let server: Server;
  let proxy: Proxy;
  let vfs: SftpVfs;
  let folder: string;

  beforeEach(async () => {
    server = await startServer(openSsh);
    proxy = await Proxy.to(server.port);
    folder = mkdtempSync(join(server.folder, 'faults-'));
    vfs = through(QUICK);
    await vfs.connect();
  });

  afterEach(async () => {
    vfs.close();
    await proxy.close();
    await server.dispose();
  });

  function through(options: Partial<SftpVfsOptions>): SftpVfs {
    const given = { ...server.options, root: folder, port: proxy.port, hostKey: server.fingerprint };
    return sftpVfs({ ...given, ...options });
  }

  /** Cuts the connection at the so-many-th piece that goes, or comes back, from now on. */
  function cutAt(step: number, way: 'request' | 'reply'): { readonly hit: () => boolean } {
    let [seen, hit] = [0, false];
    const judge = (): boolean => {
      if (hit || (seen += 1) < step) return false;
      return (hit = true);
    };
    proxy.onRequest = way === 'request' ? judge : undefined;
    proxy.onReply = way === 'reply' ? judge : undefined;
    return { hit: () => hit };
  }

  /** Someone on the disk of the server gets the lock: nothing that was left in the way stands there for ever. */
  async function freeForOthers(name: string): Promise<void> {
    const other = new Lockfile(new VfsFile(localVfs({ root: folder }), name));
    await other.acquire({ wait: '10s' });
    expect(await other.release()).toBe(true);
    expect(readdirSync(folder).filter((each) => !each.startsWith('.vfs-lockfile-'))).toEqual([]);
  }

  for (const way of ['request', 'reply'] as const) {
    test(
      `a connection cut before any ${way} of a life of a lock leaves no doubt and no wedge`,
      { timeout: 120_000 },
      async () => {
        let cuts = 0;
        for (const verb of ['acquire', 'renew', 'release'] as const) {
          for (let step = 1; step <= MOST_STEPS; step += 1) {
            const name = `${verb}-${String(step)}`;
            const lock = new Lockfile(new VfsFile(vfs, name), { ttl: '30s', renew: false });
            if (verb !== 'acquire') await lock.acquire();
            const cut = cutAt(step, way);
            const failure: unknown = await lock[verb]().then(
              () => undefined,
              (reason: unknown) => reason,
            );
            [proxy.onRequest, proxy.onReply] = [undefined, undefined];
            if (cut.hit()) cuts += 1;
            if (failure !== undefined) expect(failure).toBeInstanceOf(VfsError);
            const found = readdirSync(folder).includes(`${name}.lock`);
            if (verb === 'release' && failure === undefined) expect(found).toBe(false);
            else if (lock.held) expect(found).toBe(true);
            if (lock.held) expect(await lock.release()).toBe(true);
            await freeForOthers(name);
          }
        }
        console.log(`cut before ${String(cuts)} pieces that were ${way === 'request' ? 'sent' : 'answered'}`);
        expect(cuts).toBeGreaterThanOrEqual(way === 'request' ? 11 : 9);
      },
    );
  }

  test('a lock lives on when the server is killed and comes back within the lease', { timeout: 60_000 }, async () => {
    const lock = new Lockfile(new VfsFile(vfs, 'a'), { ttl: '6s' });
    await lock.acquire();
    await server.stop('SIGKILL');
    await sleep(500);
    server = await server.again();
    const { renewals = 0 } = lock.record ?? {};
    while (lock.held && (lock.record?.renewals ?? 0) <= renewals) await sleep(50);
    expect(lock.loss).toBeUndefined();
    expect(await lock.release()).toBe(true);
    await freeForOthers('a');
  });

  test(
    'a lock whose server stays away is lost at its own deadline, and the next one gets it',
    { timeout: 60_000 },
    async () => {
      const lock = new Lockfile(new VfsFile(vfs, 'a'), { ttl: '2s' });
      await lock.acquire();
      await server.stop('SIGKILL');
      const loss = await lock.lost;
      expect(loss.reason).toBe('expired');
      expect(lock.signal.aborted).toBe(true);
      server = await server.again();
      await freeForOthers('a');
    },
  );

  test('a silent peer costs a lock no more than its lease, and hangs nobody', { timeout: 60_000 }, async () => {
    const lock = new Lockfile(new VfsFile(vfs, 'a'), { ttl: '3s' });
    await lock.acquire();
    const since = performance.now();
    proxy.silent = true;
    expect((await lock.lost).reason).toBe('expired');
    expect(lock.remainingMs).toBe(0);
    expect(performance.now() - since).toBeGreaterThan(1000);
    const other = new Lockfile(new VfsFile(vfs, 'b'));
    await expect(other.acquire({ wait: '1s' })).rejects.toThrow();
    proxy.silent = false;
    proxy.cut();
    await other.acquire({ wait: '20s' });
    expect(await other.release()).toBe(true);
  });

  test(
    'a silent peer is found by itself, so that a lock with a longer lease is kept',
    { timeout: 60_000 },
    async () => {
      const lock = new Lockfile(new VfsFile(vfs, 'a'), { ttl: '6s' });
      await lock.acquire();
      // Only what is open falls silent: who connects anew gets through.
      const dead = proxy;
      dead.silence();
      const { renewals = 0 } = lock.record ?? {};
      while (lock.held && (lock.record?.renewals ?? 0) <= renewals) await sleep(50);
      expect(lock.loss).toBeUndefined();
      expect(await lock.release()).toBe(true);
    },
  );

  test(
    'a folder deleted under a lock is a lock lost, and a folder that may not be written says so',
    { timeout: 60_000 },
    async () => {
      await vfs.write('gone/data', Buffer.from('x'));
      const lock = new Lockfile(new VfsFile(vfs, 'gone/data'), { ttl: '30s', renew: false });
      await lock.acquire();
      const disk = localVfs({ root: folder });
      await disk.delete('gone/data.lock');
      await expect(lock.renew()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'removed' });
      const nowhere = new Lockfile(new VfsFile(vfs, 'no/such/folder/a'));
      await expect(nowhere.acquire({ wait: 0 })).rejects.toMatchObject({ code: 'ERR_VFS_NOT_FOUND', effect: 'none' });
      const readOnly = through({ root: '/proc' });
      const denied = new Lockfile(new VfsFile(readOnly, 'a'));
      await expect(denied.acquire({ wait: 0 })).rejects.toBeInstanceOf(VfsError);
      readOnly.close();
      expect(readdirSync(server.folder)).toEqual([basename(folder)]);
    },
  );
});
