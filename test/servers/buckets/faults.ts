import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { Lockfile, VfsFile, withLock, type LockOptions, type LockRecord, type Vfs } from '../../../src/index.js';
import { decodeRecord } from '../../../src/lock/model/record.js';
import { all, delayReply, delayRequest, loseReply, loseRequest, nth, S3Proxy } from '../../support/http-proxy.js';
import { titled, type BucketServer, type BucketStore } from './store.js';

/** What the tests of one store have to do with. */
export interface FaultScene {
  readonly proxy: () => S3Proxy;
  /** The bucket, around the proxy. */
  readonly direct: () => Vfs;
  readonly lockName: () => string;
  readonly tryAcquire: () => Promise<boolean>;
  readonly stored: () => Promise<LockRecord | undefined>;
}

/** What can go wrong between a lock and its bucket. `more` are tests of one store alone. */
export function faultsSuite(store: BucketStore, more?: (scene: FaultScene) => void): void {
  describe.skipIf(store.lacking !== undefined)(titled('faults before ', store), () => {
    const { native, wire } = store;
    const { answer, answerAfter } = wire;
    const releases = native ? 'DELETE' : wire.write;
    let server: BucketServer;
    let proxy: S3Proxy;
    let vfs: Vfs;
    /** Around the proxy. */
    let direct: Vfs;
    let serial = 0;
    let name = '';

    beforeAll(async () => {
      server = await store.start();
      proxy = await S3Proxy.to(server.endpoint);
      // Not the names of the other server: this process remembers them.
      const options = { prefix: `${store.name}/`, conditionalDelete: native ? 'native' : 'none' } as const;
      vfs = server.open({ ...options, endpoint: proxy.endpoint });
      direct = server.open(options);
      await vfs.create('first use', Buffer.from('1'));
      await direct.create('first use of the other', Buffer.from('1'));
    });
    afterAll(async () => {
      await proxy.close();
      await server.dispose();
    });
    beforeEach(() => {
      name = `file ${String((serial += 1))}`;
      proxy.taken();
    });
    afterEach(() => {
      proxy.fault = undefined;
    });

    const lockOn = (options: LockOptions = {}): Lockfile =>
      new Lockfile(new VfsFile(vfs, name), { renew: false, ...options });
    const stored = async () => {
      const snapshot = await direct.read(`${name}.lock`);
      return snapshot && decodeRecord(snapshot.data);
    };
    const isFree = async (): Promise<boolean> => (await stored())?.released ?? true;

    describe('a reply that is lost after the write landed', () => {
      test('a create: the lock is ours, and its lease counts from before the first attempt', async () => {
        let askedMs = 0;
        proxy.fault = nth(wire.write, 1, async (exchange) => {
          askedMs = performance.now();
          await loseReply(exchange);
          await sleep(300);
        });
        const lock = lockOn({ ttl: 60_000 });
        await lock.acquire({ wait: 0 });
        const elapsed = performance.now() - askedMs;
        expect(await stored()).toMatchObject({ lockId: lock.record?.lockId });
        expect(lock.remainingMs).toBeLessThanOrEqual(60_000 - elapsed + 5);
        expect(await lock.release()).toBe(true);
        expect(await isFree()).toBe(true);
      });

      test('a renewal: the lock is still ours', async () => {
        const lock = lockOn();
        await lock.acquire();
        proxy.fault = nth(wire.write, 1, loseReply);
        await lock.renew();
        expect(lock.record?.renewals).toBe(1);
        expect(await stored()).toMatchObject({ renewals: 1, nonce: lock.record?.nonce });
        expect(await lock.release()).toBe(true);
      });

      test('a release: the lock is free, and that counts as released', async () => {
        const lock = lockOn();
        await lock.acquire();
        proxy.fault = nth(releases, 1, loseReply);
        expect(await lock.release()).toBe(true);
        expect(await isFree()).toBe(true);
      });

      test('every one of them: nothing is ours without our knowing', async () => {
        proxy.fault = ({ method }) => (method === wire.write || method === 'DELETE' ? loseReply : undefined);
        const lock = lockOn();
        await lock.acquire();
        await lock.renew();
        expect(await lock.release()).toBe(true);
        expect(await isFree()).toBe(true);
      });
    });

    describe('an answer that tells of no success although there was', () => {
      test.each(wire.misleading)('%i %s: create, renew and release are found out to be done', async (status, code) => {
        const lock = lockOn();
        proxy.fault = nth(wire.write, 1, answerAfter(status, code));
        await lock.acquire({ wait: 0 });
        proxy.fault = nth(wire.write, 1, answerAfter(status, code));
        await lock.renew();
        proxy.fault = nth(releases, 1, answerAfter(status, code));
        expect(await lock.release()).toBe(true);
        expect(await isFree()).toBe(true);
      });

      test("opentofu #4405: 412 against one's own lock", async () => {
        proxy.fault = nth(wire.write, 1, answerAfter(...wire.conditionFailed));
        const lock = lockOn();
        await lock.acquire({ wait: 0 });
        expect(await stored()).toMatchObject({ lockId: lock.record?.lockId });
        proxy.fault = nth(wire.write, 1, answerAfter(...wire.conditionFailed));
        await lock.renew();
        expect(await lock.release()).toBe(true);
      });
    });

    describe('an answer that refuses and did nothing', () => {
      test.each(wire.passing)('%i %s is no reason to fail (ShedLock #3662)', async (status, code) => {
        const lock = lockOn();
        proxy.fault = nth(wire.write, 1, answer(status, code));
        await lock.acquire({ wait: 0 });
        proxy.fault = nth(wire.write, 1, answer(status, code));
        await lock.renew();
        proxy.fault = nth(releases, 1, answer(status, code));
        expect(await lock.release()).toBe(true);
        expect(await isFree()).toBe(true);
      });

      test('a request that never arrives is sent again', async () => {
        proxy.fault = nth(wire.write, 1, loseRequest);
        const lock = lockOn();
        await lock.acquire({ wait: 0 });
        expect(await lock.release()).toBe(true);
      });
    });

    test('a create that lands after we gave up is gone by its own lease, and meanwhile nobody else has the lock', async () => {
      let landed = 0;
      proxy.fault = ({ method }) =>
        method === wire.write ? delayRequest(1500, (status) => (landed += status === 200 ? 1 : 0)) : undefined;
      const lock = lockOn({ ttl: 1000 });
      await expect(lock.acquire({ wait: 600 })).rejects.toThrow();
      proxy.fault = undefined;
      expect(lock.held).toBe(false);
      while (landed === 0) await sleep(50);
      expect(await lockOn().tryAcquire()).toBe(false);
      const next = lockOn();
      await next.acquire({ wait: '20s' });
      expect(next.reclaimedFrom).toMatchObject({ reason: 'expired' });
      await next.release();
    });

    test('a create that landed when we gave up is taken back by us', async () => {
      proxy.fault = nth(wire.write, 1, delayReply(1500));
      await expect(lockOn().acquire({ wait: 500 })).rejects.toThrow();
      expect(await isFree()).toBe(true);
    });

    test('renewals that fail until just before the deadline lose nothing', async () => {
      const lock = lockOn({ ttl: 6000, renew: true });
      await lock.acquire();
      proxy.fault = all(wire.write, answer(...wire.unavailable));
      await sleep(3500);
      proxy.fault = undefined;
      while (lock.record?.renewals === 0) await sleep(50);
      expect(lock.loss).toBeUndefined();
      expect(await lock.release()).toBe(true);
    });

    test('renewals that fail until after the deadline lose the lock at the deadline', async () => {
      const lock = lockOn({ ttl: 6000, renew: true });
      const since = performance.now();
      await lock.acquire();
      proxy.fault = all(wire.write, answer(...wire.unavailable));
      const loss = await lock.lost;
      expect(performance.now() - since).toBeGreaterThan(5990);
      expect(loss.reason).toBe('expired');
      expect(String(loss.cause)).toContain(wire.unavailableInWords);
      proxy.fault = undefined;
      await lock.release();
    });

    test('credentials that expire mid-lease are named as what the lock was lost by', async () => {
      const lock = lockOn({ ttl: 2000, renew: true });
      await lock.acquire();
      proxy.fault = all(wire.write, answer(...wire.credentialsExpired));
      const loss = await lock.lost;
      expect(loss.reason).toBe('expired');
      expect(loss.cause).toMatchObject({ code: 'ERR_VFS_DENIED', effect: 'none' });
      proxy.fault = undefined;
      await lock.release();
    });

    test('replies that come after the lease make nobody a holder, and no two', async () => {
      let number = 0;
      proxy.fault = ({ method }) => (method === wire.write && (number += 1) % 10 === 0 ? delayReply(700) : undefined);
      let inside = 0;
      for (let round = 0; round < 20; round += 1) {
        await withLock(
          new VfsFile(vfs, name),
          (_file, lock) => {
            lock.assertHeld();
            expect((inside += 1)).toBe(1);
            inside -= 1;
          },
          { ttl: 500, wait: '20s' },
        );
      }
    });

    test('a bucket deleted mid-lease is a lock lost, and what is missing is named', async () => {
      const lock = lockOn({ ttl: 2000, renew: true });
      await lock.acquire();
      proxy.fault = () => answer(...wire.noBucket);
      const loss = await lock.lost;
      expect(loss.reason).toBe('expired');
      expect(loss.cause).toMatchObject({ code: 'ERR_VFS_NOT_FOUND' });
      expect(String(loss.cause)).toContain('there is no bucket locks');
      proxy.fault = undefined;
      await lock.release();
    });
    more?.({
      ...{ proxy: () => proxy, direct: () => direct, lockName: () => `${name}.lock` },
      ...{ tryAcquire: () => lockOn().tryAcquire(), stored },
    });
  });
}
