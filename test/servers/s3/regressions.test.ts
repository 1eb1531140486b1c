import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { fakeGlobals, realGlobals } from '../../support/fake-time.js';
import { s3Vfs, type S3Vfs } from '../../../src/backends/s3/index.js';
import { Lockfile, VfsFile, type LockOptions, type Vfs } from '../../../src/index.js';
import { Elsewhere } from '../../support/stores/elsewhere.js';
import { missing, servers, type S3Server } from './servers.js';
import { useServer } from './use-server.js';

const CONSTANT = Buffer.from('{"locked":true}');
const FREE = Buffer.from('{"locked":false}');

for (const kind of servers) {
  const lacking = missing(kind);
  const ways = kind.removes ? (['none', 'native'] as const) : (['none'] as const);
  describe.skipIf(lacking !== undefined)(`on ${kind.name}${lacking ? `: ${lacking}` : ''}`, () => {
    let server: S3Server;
    beforeAll(async () => {
      server = await useServer(kind);
    });
    afterAll(() => server.dispose());
    afterEach(() => {
      realGlobals();
    });

    describe.each(ways)('an ETag that repeats for equal bytes (conditional delete: %s)', (conditionalDelete) => {
      let vfs: S3Vfs;
      let elsewhere: Vfs;
      beforeAll(() => {
        const options = { bucket: server.bucket, prefix: `${conditionalDelete}/`, conditionalDelete } as const;
        vfs = s3Vfs({ ...options, client: server.client() });
        elsewhere = new Elsewhere(s3Vfs({ ...options, client: server.client() }));
      });

      const terms: LockOptions = { ownerId: 'worker', renew: false };
      const on = (store: Vfs, name: string, ttl: number): Lockfile =>
        new Lockfile(new VfsFile(store, name), { ...terms, ttl });

      async function free(name: string): Promise<void> {
        const { version } = (await vfs.read(name))!;
        if (conditionalDelete === 'native') expect(await vfs.remove(name, version)).toBe(true);
        else expect(await vfs.replace(name, version, FREE)).toBeDefined();
      }

      async function take(name: string): Promise<void> {
        const found = await vfs.read(name);
        expect(await (found ? vfs.replace(name, found.version, CONSTANT) : vfs.create(name, CONSTANT))).toBeDefined();
      }

      test('kwojcicki/s3-lock: with a constant body a stale holder changes the lock of the next one', async () => {
        await take('naive.lock');
        const { version } = (await vfs.read('naive.lock'))!;
        await free('naive.lock');
        await take('naive.lock');
        expect((await vfs.read('naive.lock'))!.version).toBe(version);
        expect(await vfs.replace('naive.lock', version, FREE)).toBeDefined();
      });

      test('kwojcicki/s3-lock: what a stale holder of ours knows fits no lock after it, by whomever and whenever', async () => {
        // All at one instant, so that only their nonces make the records differ.
        fakeGlobals({ toFake: ['Date'], now: Date.now() });
        const stale = on(vfs, 'ours', 500);
        await stale.acquire();
        const seen = (await vfs.read('ours.lock'))!.version;
        const versions = new Set([seen]);
        const thief = on(elsewhere, 'ours', 500);
        await thief.acquire({ wait: '20s' });
        expect(stale.held).toBe(false);
        for (let taking = 1; taking <= 5; taking += 1) {
          const { version } = (await elsewhere.read('ours.lock'))!;
          expect(versions.size).toBe(versions.add(version).size - 1);
          expect(await vfs.replace('ours.lock', seen, FREE)).toBeUndefined();
          if (conditionalDelete === 'native') expect(await vfs.remove('ours.lock', seen)).toBe(false);
          expect((await elsewhere.read('ours.lock'))!.version).toBe(version);
          await thief.release();
          await thief.acquire({ wait: 0 });
        }
        expect(await stale.release()).toBe(false);
        expect(await thief.release()).toBe(true);
        await sleep(0);
      });

      test('opentofu #4405: what one has already is held by oneself, and told so, not found out by a conflict', async () => {
        const lock = on(vfs, 'plan', 30_000);
        await lock.acquire({ wait: 0 });
        await expect(lock.acquire({ wait: 0 })).rejects.toMatchObject({ code: 'ERR_LOCK_HELD' });
        await expect(on(elsewhere, 'plan', 30_000).acquire({ wait: 0 })).rejects.toMatchObject({
          code: 'ERR_LOCK_HELD',
          record: { lockId: lock.record?.lockId },
        });
        expect(await lock.release()).toBe(true);
      });

      test('ShedLock #3662: of many who take over one stale lock one does, and nobody fails', async () => {
        const holder = on(vfs, 'shed', 300);
        await holder.acquire();
        await sleep(2600);
        const clients = Array.from({ length: 12 }, (_, at) => {
          const options = { bucket: server.bucket, prefix: `${conditionalDelete}/`, client: server.client() };
          return { at, store: s3Vfs({ ...options, conditionalDelete }) };
        });
        const { version } = (await vfs.read('shed.lock'))!;
        const written = await Promise.all(
          clients.map(({ at, store }) => store.replace('shed.lock', version, Buffer.from(`taken by ${String(at)}`))),
        );
        expect(written.filter((each) => each !== undefined)).toHaveLength(1);
      });
    });
  });
}
