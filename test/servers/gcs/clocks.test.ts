import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { gcsVfs, type GcsVfs } from '../../../src/backends/gcs/index.js';
import { Lockfile, VfsFile } from '../../../src/index.js';
import { S3Proxy, type Answer, type Fault } from '../../support/http-proxy.js';
import { slowness } from '../../support/slowness.js';
import { FAKETIME, WrongClocks, type Party } from '../../support/wrong-clocks.js';
import { fakeGcs, missing, type GcsKind, type GcsServer } from './servers.js';
import { useServer } from './use-server.js';

const TTL_MS = Math.round(6000 * (await slowness()));
const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;

const needed: GcsKind = {
  ...fakeGcs,
  name: `${fakeGcs.name} and faketime`,
  needs: [...fakeGcs.needs, FAKETIME],
};
const lacking = missing(needed);

const OFFSETS: readonly (readonly [string, number])[] = [
  ['an hour ahead', HOUR_S],
  ['an hour behind', -HOUR_S],
];

/** The store's answers as they would be by another clock. */
function byClock(seconds: number): Fault {
  const moved = (time: string): string => new Date(Date.parse(time) + seconds * 1000).toUTCString();
  return async ({ forward, reply }) => {
    const { headers, ...told }: Answer = await forward();
    const { date, 'last-modified': modified } = headers;
    const times = { ...(date && { date: moved(date) }), ...(modified && { 'last-modified': moved(modified) }) };
    reply({ ...told, headers: { ...headers, ...times } });
  };
}

describe.skipIf(lacking !== undefined)(
  `clocks that are wrong, with fake-gcs-server${lacking ? `: ${lacking}` : ''}`,
  { concurrent: true },
  () => {
    const clocks = new WrongClocks();
    let server: GcsServer;
    let vfs: GcsVfs;

    beforeAll(async () => {
      server = await useServer(fakeGcs);
      vfs = gcsVfs({ bucket: server.bucket, client: server.client() });
      await vfs.create('first use', Buffer.from('1'));
    });
    afterAll(async () => {
      clocks.dispose();
      await server.dispose();
    });

    const party = (clock: string, name: string, verb: string): Party =>
      clocks.party(clock, ['gs', server.bucket, name, verb, String(TTL_MS)], {
        STORAGE_EMULATOR_HOST: server.endpoint,
      });
    const lockOn = (name: string, renew = true): Lockfile =>
      new Lockfile(new VfsFile(vfs, name), { ttl: TTL_MS, renew });

    /** For two leases nobody else gets it. */
    async function isRespected(name: string): Promise<void> {
      const rival = new Lockfile(new VfsFile(vfs, name));
      for (let looks = 0; looks < 8; looks += 1) {
        await sleep(TTL_MS / 4);
        expect(await rival.tryAcquire()).toBe(false);
      }
    }

    describe.each(OFFSETS)('a client whose clock is %s', (_which, seconds) => {
      test('respects a lock that is held, and knows its age', async () => {
        const name = `held ${String(seconds)}`;
        const lock = lockOn(name);
        await lock.acquire();
        await sleep(2 * TTL_MS);
        const seen = await party(clocks.off(seconds), name, 'look').hear();
        expect(Math.abs(Number(seen.wallMs) - Date.now() - seconds * 1000)).toBeLessThan(HOUR_S * 500);
        expect(seen).toMatchObject({ stale: false, won: false });
        expect(Number(seen.ageMs)).toBeGreaterThan(TTL_MS);
        expect(Number(seen.ageMs)).toBeLessThan(HOUR_S * 500);
        expect(lock.held).toBe(true);
        expect(await lock.release()).toBe(true);
      });

      test('takes a stale lock over, and not before its lease is over', async () => {
        const name = `stale ${String(seconds)}`;
        const lock = lockOn(name, false);
        await lock.acquire();
        const heard = await party(clocks.off(seconds), name, 'take').hear();
        expect(lock.held).toBe(false);
        expect(heard).toEqual({ reason: 'expired' });
      });

      test('holds a lock for as long as it likes', async () => {
        const name = `holding ${String(seconds)}`;
        const holder = party(clocks.off(seconds), name, 'hold');
        expect(await holder.hear()).toEqual({ held: true });
        await isRespected(name);
        holder.say('tell');
        expect(await holder.hear()).toMatchObject({ held: true });
        holder.say('end');
        expect(await holder.hear()).toEqual({ released: true });
        expect(await new Lockfile(new VfsFile(vfs, name)).tryAcquire()).toBe(true);
      });
    });

    test('a holder whose clock jumps ahead by an hour gives the lock up itself, before anybody takes it', async () => {
      const clock = clocks.off(0);
      const holder = party(clock, 'jumps ahead', 'hold');
      expect(await holder.hear()).toEqual({ held: true });
      clocks.set(clock, HOUR_S);
      expect(await holder.hear()).toEqual({ lost: 'expired' });
      expect(await new Lockfile(new VfsFile(vfs, 'jumps ahead')).isStale()).toBe(false);
    });

    test('a holder whose clock jumps back by an hour holds on', async () => {
      const clock = clocks.off(0);
      const holder = party(clock, 'jumps back', 'hold');
      expect(await holder.hear()).toEqual({ held: true });
      clocks.set(clock, -HOUR_S);
      await isRespected('jumps back');
      holder.say('tell');
      expect(await holder.hear()).toMatchObject({ held: true });
      holder.say('end');
      expect(await holder.hear()).toEqual({ released: true });
    });

    test.each([DAY_S, -DAY_S])('a store whose clock is %i seconds off ages locks as any other', async (seconds) => {
      const proxy = await S3Proxy.to(server.endpoint);
      proxy.fault = () => byClock(seconds);
      const off = gcsVfs({ bucket: server.bucket, client: server.client({ apiEndpoint: proxy.endpoint }) });
      const [name, left] = [`a day off ${String(seconds)}`, `left behind ${String(seconds)}`];
      const lock = new Lockfile(new VfsFile(off, name), { ttl: TTL_MS });
      const leaves = new Lockfile(new VfsFile(off, left), { ttl: TTL_MS, renew: false });
      await Promise.all([lock.acquire(), leaves.acquire()]);
      const found = await off.read(`${name}.lock`, { clock: true });
      expect(Math.abs(found!.modifiedMs - Date.now())).toBeGreaterThan(DAY_S * 900);
      expect(await lock.isStale()).toBe(false);
      expect(await lock.age()).toBeLessThan(DAY_S * 100);
      await sleep(2 * TTL_MS);
      expect(lock.held).toBe(true);
      expect(await leaves.isStale()).toBe(true);
      expect(await lock.release()).toBe(true);
      await proxy.close();
    });
  },
);
