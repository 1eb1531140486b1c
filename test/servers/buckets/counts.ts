import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { Lockfile, VfsFile, withLock, type Vfs } from '../../../src/index.js';
import { S3Proxy } from '../../support/http-proxy.js';
import { titled, type BucketServer, type BucketStore } from './store.js';

const WORKERS = 500;
const WAIT_MS = 7000;

/** How many requests a lock takes. */
export function countsSuite(store: BucketStore): void {
  describe.skipIf(store.lacking !== undefined)(titled('', store), () => {
    const { write, found } = store.wire;
    const absent = 'GET 404';
    const written = `${write} 200`;
    const refused = `${write} 412`;
    let server: BucketServer;
    let proxy: S3Proxy;
    beforeAll(async () => {
      server = await store.start();
      proxy = await S3Proxy.to(server.endpoint);
    });
    afterAll(async () => {
      await proxy.close();
      await server.dispose();
    });

    describe.each(store.ways)('conditional delete: %s', (conditionalDelete) => {
      const native = conditionalDelete === 'native';
      const released = native ? 'DELETE 204' : written;
      /** A lock that this process has not seen: where a free lock may be a tombstone, a read comes first. */
      const busy = native ? [refused, found] : [found];
      const cold = native ? [written] : [absent, written];
      let vfs: Vfs;

      beforeAll(async () => {
        const prefix = `${store.name} ${conditionalDelete}/`;
        vfs = server.open({ endpoint: proxy.endpoint, conditionalDelete, prefix });
        await vfs.create('first use', Buffer.from('1'));
        proxy.taken();
      });

      const on = (name: string): Lockfile => new Lockfile(new VfsFile(vfs, name), { renew: false, ttl: '1h' });

      test('a lock takes one request to acquire, two where tombstones are used, one to renew and one to release', async () => {
        const lock = on('uncontended');
        await lock.acquire();
        expect(proxy.taken()).toEqual(cold);
        for (let round = 0; round < 3; round += 1) {
          await lock.renew();
          expect(proxy.taken()).toEqual([written]);
        }
        await lock.release();
        expect(proxy.taken()).toEqual([released]);
      });

      test('a try at a lock that others hold takes a read, before which a write may be refused', async () => {
        await vfs.create('held.lock', Buffer.from('{"createdAt":"2026-11-20T00:00:00Z","ttl":0}'));
        proxy.taken();
        expect(await on('held').tryAcquire()).toBe(false);
        expect(proxy.taken()).toEqual(busy);
      });

      test('to take again what this process gave back takes one', async () => {
        const lock = on('again');
        await lock.acquire();
        for (let round = 0; round < 3; round += 1) {
          await lock.release();
          proxy.taken();
          await lock.acquire();
          expect(proxy.taken()).toEqual([written]);
        }
      });

      test('withLock takes no look at the bucket between or after', async () => {
        await withLock(new VfsFile(vfs, 'scope'), () => undefined, { ttl: '1h' });
        expect(proxy.taken()).toEqual([...cold, released]);
      });

      test('to read who holds a lock takes one', async () => {
        expect(await on('held').metadata()).toBeDefined();
        expect(await on('held').age()).toBeDefined();
        expect(proxy.taken()).toEqual([found, found]);
      });

      test('a waiter reads once a second at most, writes only what takes the lock, and sees a release within two looks', async () => {
        const record = { createdAt: new Date(), ttl: 3_600_000_000_000, lease: 3_600_000, lockId: 'other', nonce: '1' };
        const held = await vfs.create('awaited.lock', Buffer.from(JSON.stringify(record)));
        proxy.taken();
        const since = performance.now();
        const waiting = on('awaited').acquire();
        await sleep(WAIT_MS);
        const looked = proxy.taken();
        expect(looked.slice(0, busy.length)).toEqual(busy);
        expect(looked.slice(busy.length).filter((each) => each !== found)).toEqual([]);
        expect(looked.length - busy.length).toBeLessThanOrEqual((performance.now() - since) / 1000);
        const tombstone = Buffer.from(JSON.stringify({ ...record, nonce: '2', released: true }));
        if (native) await vfs.remove('awaited.lock', held!.version);
        else await vfs.replace('awaited.lock', held!.version, tombstone);
        await waiting;
        const seen = [...proxy.taken()];
        seen.splice(seen.indexOf(released), 1);
        // The look that sees it, and at most one that was on its way.
        const free = native ? 'GET 404' : found;
        expect([
          [free, written],
          [found, free, written],
        ]).toContainEqual(seen);
      });

      test(`${String(WORKERS)} workers of one process on one lock take two a critical section`, async () => {
        let inside = 0;
        const work = (): void => {
          expect((inside += 1)).toBe(1);
          inside -= 1;
        };
        const file = new VfsFile(vfs, 'popular');
        await Promise.all(Array.from({ length: WORKERS }, () => withLock(file, work, { ttl: '1h', wait: '10m' })));
        expect(proxy.taken()).toHaveLength(2 * WORKERS + cold.length - 1);
      });

      test('fencing takes two requests cold, one again, one to renew and one to release', async () => {
        const lock = new Lockfile(new VfsFile(vfs, 'fenced'), { renew: false, ttl: '1h', fencing: true });
        for (const taking of [[absent, written], [written], [written]]) {
          await lock.acquire();
          expect(proxy.taken()).toEqual(taking);
          await lock.renew();
          await lock.release();
          expect(proxy.taken()).toEqual([written, written]);
        }
        expect(lock.fencingToken).toBe(3n);
      });

      test.skipIf(native)('to take over a tombstone that others left takes two: one read and one write', async () => {
        const tombstone = { createdAt: '2026-11-20T00:00:00Z', ttl: 1_000_000_000, released: true };
        await vfs.create('left.lock', Buffer.from(JSON.stringify(tombstone)));
        proxy.taken();
        await on('left').acquire();
        expect(proxy.taken()).toEqual([found, written]);
      });
    });
  });
}
