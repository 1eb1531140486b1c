import { randomUUID } from 'node:crypto';

import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { s3Vfs, type S3Vfs, type S3VfsOptions } from '../../../src/backends/s3/index.js';
import { conformance, type VfsUnderTest } from '../../../src/conformance/index.js';
import { Lockfile, VfsFile } from '../../../src/index.js';

/** Such as `s3://bucket/prefix`; who may use it, and where it is, comes from the SDK's own settings. */
const own = process.env.VFS_LOCKFILE_TEST_S3;
const ROUNDS = Number(process.env.S3_ROUNDS ?? 10);

/** Sees each attempt of the SDK's, and loses replies. */
class Tap {
  readonly client: S3Client;
  readonly #seen: string[] = [];
  /** The method whose next reply is lost. */
  losing: string | undefined;

  constructor() {
    const forcePathStyle = Boolean(process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL);
    this.client = new S3Client({ forcePathStyle });
    this.client.middlewareStack.add(
      (next) => async (args) => {
        const { method } = args.request as { readonly method: string };
        this.#seen.push(method);
        const result = await next(args);
        if (this.losing !== method) return result;
        this.losing = undefined;
        throw Object.assign(new Error('the reply is lost'), { code: 'ECONNRESET' });
      },
      { step: 'deserialize', priority: 'low', name: 'tap' },
    );
  }

  taken(): readonly string[] {
    return this.#seen.splice(0);
  }
}

describe.skipIf(own === undefined)(`${own ?? 'a real bucket'}: needs its name in VFS_LOCKFILE_TEST_S3`, () => {
  const { bucket = '', prefix = '' } = /^s3:\/\/(?<bucket>[^/]+)\/?(?<prefix>.*)$/.exec(own ?? '')?.groups ?? {};
  const place = { bucket, prefix: prefix === '' ? '' : `${prefix.replace(/\/$/, '')}/` };
  const clear = async (vfs: S3Vfs, folder: string): Promise<void> => {
    for await (const { path } of vfs.list(folder, { recursive: true })) await vfs.delete(path);
  };

  const make = (): Promise<VfsUnderTest> => {
    const folder = `case-${randomUUID()}`;
    const [vfs, ...rivals] = [1, 2, 3].map(() => s3Vfs(place));
    const dispose = async (): Promise<void> => {
      await clear(vfs!, folder);
      for (const door of [vfs!, ...rivals]) await door.close();
    };
    return Promise.resolve({ vfs: vfs!, rivals, folder, dispose });
  };
  for (const { name, run } of conformance(make, { rounds: ROUNDS })) test(name, { timeout: 300_000 }, run);

  describe('a lock in it', { timeout: 300_000 }, () => {
    const folder = `case-${randomUUID()}`;
    let tap: Tap;
    let vfs: S3Vfs;
    beforeAll(async () => {
      tap = new Tap();
      const options: S3VfsOptions = { ...place, client: tap.client };
      vfs = s3Vfs(options);
      await vfs.create(`${folder}/first use`, Buffer.from('1'));
      tap.taken();
    });
    afterEach(() => {
      tap.losing = undefined;
    });
    afterAll(() => clear(vfs, folder));

    const on = (name: string): Lockfile => new Lockfile(new VfsFile(vfs, `${folder}/${name}`), { renew: false });
    const giving = (): string => (vfs.capabilities.remove === 'atomic' ? 'DELETE' : 'PUT');

    test('takes one request to acquire, to renew, to release and to take again', async () => {
      const lock = on('counted');
      for (let round = 0; round < 3; round += 1) {
        await lock.acquire({ wait: 0 });
        expect(tap.taken()).toEqual(['PUT']);
        await lock.renew();
        expect(tap.taken()).toEqual(['PUT']);
        expect(await lock.release()).toBe(true);
        expect(tap.taken()).toEqual([giving()]);
      }
    });

    test('is kept from others with two requests', async () => {
      await vfs.create(`${folder}/held.lock`, Buffer.from('{"createdAt":"2026-11-20T00:00:00Z","ttl":0}'));
      tap.taken();
      expect(await on('held').tryAcquire()).toBe(false);
      expect(tap.taken()).toEqual(['PUT', 'GET']);
    });

    test('is ours though the replies to all that changed it were lost', async () => {
      const lock = on('unanswered');
      tap.losing = 'PUT';
      await lock.acquire({ wait: 0 });
      tap.losing = 'PUT';
      await lock.renew();
      expect(lock.record?.renewals).toBe(1);
      tap.losing = giving();
      expect(await lock.release()).toBe(true);
      await lock.acquire({ wait: 0 });
      expect(await lock.release()).toBe(true);
    });

    test('is as old as the store says, and stale when its lease is over and not before', async () => {
      const lock = new Lockfile(new VfsFile(vfs, `${folder}/aged`), { renew: false, ttl: 4000 });
      await lock.acquire({ wait: 0 });
      expect(await lock.isStale()).toBe(false);
      const thief = on('aged');
      while (lock.held) await new Promise((resolve) => setTimeout(resolve, 100));
      await thief.acquire({ wait: '1m' });
      expect(thief.reclaimedFrom).toMatchObject({ reason: 'expired' });
      expect(await lock.release()).toBe(false);
      expect(await thief.release()).toBe(true);
    });
  });
});
