import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { s3Vfs, type S3Vfs } from '../../../src/backends/s3/index.js';
import { Lockfile, VfsFile } from '../../../src/index.js';
import { slowness } from '../../support/slowness.js';
import { WrongClocks, type Party } from '../../support/wrong-clocks.js';
import { ceph, missing } from './servers.js';
import { useServer, type SharedS3Server } from './use-server.js';

const lacking = missing(ceph);
const TTL_MS = Math.round(6000 * (await slowness()));
const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;

const OFFSETS: readonly (readonly [string, number])[] = [
  ['an hour ahead', HOUR_S],
  ['an hour behind', -HOUR_S],
];

const title = `clocks that are wrong, with Ceph RGW${lacking ? `: ${lacking}` : ''}`;

// It is all waiting.
(lacking === undefined ? describe.concurrent : describe.skip)(title, () => {
  const clocks = new WrongClocks();
  let server: SharedS3Server;
  let vfs: S3Vfs;

  beforeAll(async () => {
    server = await useServer(ceph);
    vfs = s3Vfs({ bucket: server.bucket, client: server.client() });
  });
  afterAll(async () => {
    clocks.dispose();
    await server.dispose();
  });

  function party(clock: string, name: string, verb: string): Party {
    const { accessKeyId, secretAccessKey } = server.credentials;
    const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
    const args = ['s3', server.bucket, name, verb, String(TTL_MS)] as const;
    return clocks.party(clock, args, { ...keys, AWS_ENDPOINT_URL: server.endpoint });
  }

  describe.each(OFFSETS)('a client whose clock is %s', (_which, seconds) => {
    test('respects a lock that is held, and knows its age', async () => {
      const name = `held ${String(seconds)}`;
      const lock = new Lockfile(new VfsFile(vfs, name), { ttl: TTL_MS });
      await lock.acquire();
      await sleep(2 * TTL_MS);
      const seen = await party(clocks.off(seconds), name, 'look').hear();
      expect(Math.abs(Number(seen.wallMs) - Date.now() - seconds * 1000)).toBeLessThan(HOUR_S * 500);
      expect(seen).toMatchObject({ stale: false, won: false });
      expect(Number(seen.ageMs)).toBeLessThan(HOUR_S * 500);
      expect(lock.held).toBe(true);
      expect(await lock.release()).toBe(true);
    });

    test('takes a stale lock over, and not before its lease is over', async () => {
      const name = `stale ${String(seconds)}`;
      const lock = new Lockfile(new VfsFile(vfs, name), { ttl: TTL_MS, renew: false });
      await lock.acquire();
      const heard = await party(clocks.off(seconds), name, 'take').hear();
      expect(lock.held).toBe(false);
      expect(heard).toEqual({ reason: 'expired' });
    });

    test('holds a lock for as long as it likes', async () => {
      const name = `holding ${String(seconds)}`;
      const holder = party(clocks.off(seconds), name, 'hold');
      expect(await holder.hear()).toEqual({ held: true });
      const rival = new Lockfile(new VfsFile(vfs, name));
      for (let looks = 0; looks < 8; looks += 1) {
        await sleep(TTL_MS / 4);
        expect(await rival.tryAcquire()).toBe(false);
      }
      holder.say('end');
      expect(await holder.hear()).toEqual({ released: true });
      expect(await rival.tryAcquire()).toBe(true);
      await rival.release();
    });
  });

  test('a holder whose clock jumps ahead by an hour gives the lock up itself, before anybody takes it', async () => {
    const clock = clocks.off(0);
    const holder = party(clock, 'jumps ahead', 'hold');
    expect(await holder.hear()).toEqual({ held: true });
    clocks.set(clock, HOUR_S);
    expect(await holder.hear()).toEqual({ lost: 'expired' });
    holder.say('end');
    await holder.hear();
  });

  test('a holder whose clock jumps back by an hour holds on', async () => {
    const clock = clocks.off(0);
    const holder = party(clock, 'jumps back', 'hold');
    expect(await holder.hear()).toEqual({ held: true });
    clocks.set(clock, -HOUR_S);
    const rival = new Lockfile(new VfsFile(vfs, 'jumps back'));
    for (let looks = 0; looks < 8; looks += 1) {
      await sleep(TTL_MS / 4);
      expect(await rival.tryAcquire()).toBe(false);
    }
    holder.say('tell');
    expect(await holder.hear()).toMatchObject({ held: true });
    holder.say('end');
    expect(await holder.hear()).toEqual({ released: true });
  });

  test('a waiter whose clock jumps by hours waits until the lock is given back, and no longer', async () => {
    const lock = new Lockfile(new VfsFile(vfs, 'awaited'), { ttl: TTL_MS });
    await lock.acquire();
    const clock = clocks.off(0);
    const waiter = party(clock, 'awaited', 'take');
    const heard = waiter.hear();
    for (const hours of [1, -1, 2]) {
      await sleep(0.7 * TTL_MS);
      clocks.set(clock, hours * HOUR_S);
    }
    await sleep(0.7 * TTL_MS);
    expect(lock.held).toBe(true);
    expect(await lock.release()).toBe(true);
    // Nobody's stale lock.
    expect(await heard).toEqual({});
  });

  test('a store whose clock is a day off ages locks as any other', async () => {
    const wrapper = ['env', 'FAKETIME_DONT_FAKE_MONOTONIC=1', 'faketime', '-m', '-f', `+${String(DAY_S)}s`];
    const gateway = await server.gateway(wrapper);
    const off = s3Vfs({ bucket: server.bucket, client: server.client({ endpoint: gateway.endpoint }) });
    const lock = new Lockfile(new VfsFile(off, 'a day off'), { ttl: TTL_MS });
    await lock.acquire();
    const found = await off.read('a day off.lock', { clock: true });
    expect(found!.modifiedMs - Date.now()).toBeGreaterThan(DAY_S * 900);
    expect(await lock.isStale()).toBe(false);
    expect(await lock.age()).toBeLessThan(DAY_S * 100);
    await sleep(2 * TTL_MS);
    expect(lock.held).toBe(true);
    expect(await lock.release()).toBe(true);
    const left = new Lockfile(new VfsFile(off, 'left behind'), { ttl: TTL_MS, renew: false });
    await left.acquire();
    await sleep(TTL_MS + 2200);
    expect(await left.isStale()).toBe(true);
  });
});
