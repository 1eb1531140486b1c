import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { localVfs, Lockfile, VfsFile } from '../../../src/index.js';
import { failureOf, QUICK, Scene } from './scene.js';
import { missing, openSsh } from './servers.js';

const lacking = missing(openSsh);

/** More pieces than any of the calls sends or gets. */
const MOST_STEPS = 6;

describe.skipIf(lacking !== undefined)(`faults on the way to OpenSSH${lacking ? `: ${lacking}` : ''}`, () => {
  let scene: Scene;
  beforeEach(async () => void (scene = await Scene.open(openSsh)));
  afterEach(() => scene.close());

  /** Cuts the connection at the so-many-th piece that goes, or comes back, from now on. */
  function cutAt(step: number, way: 'request' | 'reply'): { readonly hit: () => boolean } {
    let [seen, hit] = [0, false];
    const judge = (): boolean => {
      if (hit || (seen += 1) < step) return false;
      return (hit = true);
    };
    scene.proxy.onRequest = way === 'request' ? judge : undefined;
    scene.proxy.onReply = way === 'reply' ? judge : undefined;
    return { hit: () => hit };
  }

  for (const way of ['request', 'reply'] as const) {
    test(
      `a connection cut before any ${way} of a life of a lock leaves no doubt and no wedge`,
      { timeout: 900_000 },
      async () => {
        let cuts = 0;
        for (const verb of ['acquire', 'renew', 'release'] as const) {
          for (let step = 1; step <= MOST_STEPS; step += 1) {
            const lock = new Lockfile(new VfsFile(scene.vfs, 'a'), { ttl: '30s', renew: false });
            if (verb !== 'acquire') await lock.acquire();
            const cut = cutAt(step, way);
            await failureOf(lock[verb]());
            [scene.proxy.onRequest, scene.proxy.onReply] = [undefined, undefined];
            if (cut.hit()) cuts += 1;
            if (lock.held) {
              expect(await scene.triedByOthers('a')).toBe(false);
              expect(await lock.release()).toBe(true);
            }
            await scene.freeForOthers('a');
          }
        }
        console.log(`cut before ${String(cuts)} pieces that were ${way === 'request' ? 'sent' : 'answered'}`);
        expect(cuts).toBeGreaterThanOrEqual(7);
      },
    );
  }

  test('whoever takes a lock away from a process on the server removes its private folder first', async () => {
    const held = new Lockfile(new VfsFile(localVfs({ root: scene.folder }), 'a'), { renew: false });
    await held.acquire();
    const folders = (): readonly string[] =>
      readdirSync(scene.folder).filter((name) => name.startsWith('.vfs-lockfile-'));
    expect(folders()).toHaveLength(1);
    const { version } = (await scene.vfs.read('a.lock'))!;
    expect(await scene.vfs.remove('a.lock', version)).toBe(true);
    expect(folders()).toEqual([]);
    await expect(held.renew()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'removed' });
  });

  test('a silent peer costs a lock no more than its lease, and hangs nobody', { timeout: 900_000 }, async () => {
    const lock = new Lockfile(new VfsFile(scene.vfs, 'a'), { ttl: '3s' });
    await lock.acquire();
    const since = performance.now();
    scene.proxy.silent = true;
    expect((await lock.lost).reason).toBe('expired');
    expect(lock.remainingMs).toBe(0);
    expect(performance.now() - since).toBeGreaterThan(1000);
    const other = new Lockfile(new VfsFile(scene.vfs, 'b'));
    await expect(other.acquire({ wait: '1s' })).rejects.toThrow();
    scene.proxy.silent = false;
    scene.proxy.cut();
    await other.acquire({ wait: '20s' });
    expect(await other.release()).toBe(true);
  });

  test(
    'a silent peer is found by itself, so that a lock with a longer lease is kept',
    { timeout: 900_000 },
    async () => {
      // Patient with each answer: that there is nobody left to give one has to be found out otherwise.
      const vfs = scene.through({ ...QUICK, timeout: '1m' });
      const lock = new Lockfile(new VfsFile(vfs, 'a'), { ttl: '6s' });
      await lock.acquire();
      // Only open connections fall silent: a new connection gets through.
      scene.proxy.silence();
      const { renewals = 0 } = lock.record ?? {};
      while (lock.held && (lock.record?.renewals ?? 0) <= renewals) await sleep(50);
      expect(lock.loss).toBeUndefined();
      expect(await lock.release()).toBe(true);
    },
  );
});
