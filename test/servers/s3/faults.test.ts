import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { s3Vfs, type S3Vfs } from '../../../src/backends/s3/index.js';
import { Lockfile, VfsFile, withLock, type LockOptions } from '../../../src/index.js';
import { decodeRecord } from '../../../src/lock/model/record.js';
import {
  all,
  answer,
  answerAfter,
  delayReply,
  delayRequest,
  loseReply,
  loseRequest,
  nth,
  S3Proxy,
} from '../../support/http-proxy.js';
import { missing, servers, type S3Server } from './servers.js';
import { useServer } from './use-server.js';

for (const kind of servers) {
  const lacking = missing(kind);
  describe.skipIf(lacking !== undefined)(`faults before ${kind.name}${lacking ? `: ${lacking}` : ''}`, () => {
    const native = kind.removes;
    let server: S3Server;
    let proxy: S3Proxy;
    let vfs: S3Vfs;
    /** Around the proxy. */
    let direct: S3Vfs;
    let serial = 0;
    let name = '';

    beforeAll(async () => {
      server = await useServer(kind);
      proxy = await S3Proxy.to(server.endpoint);
      // Not the names of the other server: this process remembers them.
      const prefix = `${kind.name}/`;
      const options = { bucket: server.bucket, prefix, conditionalDelete: native ? 'native' : 'none' } as const;
      vfs = s3Vfs({ ...options, client: server.client({ endpoint: proxy.endpoint }) });
      direct = s3Vfs({ ...options, client: server.client() });
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
        proxy.fault = nth('PUT', 1, async (exchange) => {
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
        proxy.fault = nth('PUT', 1, loseReply);
        await lock.renew();
        expect(lock.record?.renewals).toBe(1);
        expect(await stored()).toMatchObject({ renewals: 1, nonce: lock.record?.nonce });
        expect(await lock.release()).toBe(true);
      });

      test('a release: the lock is free, and that counts as released', async () => {
        const lock = lockOn();
        await lock.acquire();
        proxy.fault = nth(native ? 'DELETE' : 'PUT', 1, loseReply);
        expect(await lock.release()).toBe(true);
        expect(await isFree()).toBe(true);
      });

      test('every one of them: nothing is ours without our knowing', async () => {
        proxy.fault = ({ method }) => (method === 'PUT' || method === 'DELETE' ? loseReply : undefined);
        const lock = lockOn();
        await lock.acquire();
        await lock.renew();
        expect(await lock.release()).toBe(true);
        expect(await isFree()).toBe(true);
      });
    });

    describe('an answer that tells of no success although there was', () => {
      const misleading: readonly (readonly [number, string])[] = [
        [409, 'ConditionalRequestConflict'],
        [500, 'InternalError'],
        [503, 'SlowDown'],
        [504, 'GatewayTimeout'],
      ];
      test.each(misleading)('%i %s: create, renew and release are found out to be done', async (status, code) => {
        const lock = lockOn();
        proxy.fault = nth('PUT', 1, answerAfter(status, code));
        await lock.acquire({ wait: 0 });
        proxy.fault = nth('PUT', 1, answerAfter(status, code));
        await lock.renew();
        proxy.fault = nth(native ? 'DELETE' : 'PUT', 1, answerAfter(status, code));
        expect(await lock.release()).toBe(true);
        expect(await isFree()).toBe(true);
      });

      test("opentofu #4405: 412 against one's own lock", async () => {
        proxy.fault = nth('PUT', 1, answerAfter(412, 'PreconditionFailed'));
        const lock = lockOn();
        await lock.acquire({ wait: 0 });
        expect(await stored()).toMatchObject({ lockId: lock.record?.lockId });
        proxy.fault = nth('PUT', 1, answerAfter(412, 'PreconditionFailed'));
        await lock.renew();
        expect(await lock.release()).toBe(true);
      });
    });

    describe('an answer that refuses and did nothing', () => {
      const refusing: readonly (readonly [number, string])[] = [
        [409, 'ConditionalRequestConflict'],
        [429, 'TooManyRequests'],
        [500, 'InternalError'],
        [503, 'SlowDown'],
      ];
      test.each(refusing)('%i %s is no reason to fail (ShedLock #3662)', async (status, code) => {
        const lock = lockOn();
        proxy.fault = nth('PUT', 1, answer(status, code));
        await lock.acquire({ wait: 0 });
        proxy.fault = nth('PUT', 1, answer(status, code));
        await lock.renew();
        proxy.fault = nth(native ? 'DELETE' : 'PUT', 1, answer(status, code));
        expect(await lock.release()).toBe(true);
        expect(await isFree()).toBe(true);
      });

      test('409 again and again is a lock that somebody else has, not an error', async () => {
        proxy.fault = all('PUT', answer(409, 'ConditionalRequestConflict'));
        expect(await lockOn().tryAcquire()).toBe(false);
        expect(await stored()).toBeUndefined();
      });

      test('a request that never arrives is sent again', async () => {
        proxy.fault = nth('PUT', 1, loseRequest);
        const lock = lockOn();
        await lock.acquire({ wait: 0 });
        expect(await lock.release()).toBe(true);
      });
    });

    test('a create that lands after we gave up is gone by its own lease, and meanwhile nobody else has the lock', async () => {
      let landed = 0;
      proxy.fault = ({ method }) =>
        method === 'PUT' ? delayRequest(1500, (status) => (landed += status === 200 ? 1 : 0)) : undefined;
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
      proxy.fault = nth('PUT', 1, delayReply(1500));
      await expect(lockOn().acquire({ wait: 500 })).rejects.toThrow();
      expect(await isFree()).toBe(true);
    });

    test('renewals that fail until just before the deadline lose nothing', async () => {
      const lock = lockOn({ ttl: 6000, renew: true });
      await lock.acquire();
      proxy.fault = all('PUT', answer(503, 'SlowDown'));
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
      proxy.fault = all('PUT', answer(503, 'SlowDown'));
      const loss = await lock.lost;
      expect(performance.now() - since).toBeGreaterThan(5990);
      expect(loss.reason).toBe('expired');
      expect(String(loss.cause)).toContain('503 SlowDown');
      proxy.fault = undefined;
      await lock.release();
    });

    test('credentials that expire mid-lease are named as what the lock was lost by', async () => {
      const lock = lockOn({ ttl: 2000, renew: true });
      await lock.acquire();
      proxy.fault = all('PUT', answer(400, 'ExpiredToken'));
      const loss = await lock.lost;
      expect(loss.reason).toBe('expired');
      expect(loss.cause).toMatchObject({ code: 'ERR_VFS_DENIED', effect: 'none' });
      proxy.fault = undefined;
      await lock.release();
    });

    test('replies that come after the lease make nobody a holder, and no two', async () => {
      let number = 0;
      proxy.fault = ({ method }) => (method === 'PUT' && (number += 1) % 10 === 0 ? delayReply(700) : undefined);
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
      proxy.fault = () => answer(404, 'NoSuchBucket');
      const loss = await lock.lost;
      expect(loss.reason).toBe('expired');
      expect(loss.cause).toMatchObject({ code: 'ERR_VFS_NOT_FOUND' });
      expect(String(loss.cause)).toContain('there is no bucket locks');
      proxy.fault = undefined;
      await lock.release();
    });
  });
}
