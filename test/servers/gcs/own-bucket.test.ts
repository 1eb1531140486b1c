import { randomUUID } from 'node:crypto';

import { Storage } from '@google-cloud/storage';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { gcsVfs, type GcsVfs } from '../../../src/backends/gcs/index.js';
import { conformance, type VfsUnderTest } from '../../../src/conformance/index.js';
import { Lockfile, VfsFile, withLock } from '../../../src/index.js';

const own = process.env.VFS_LOCKFILE_TEST_GCS;
const ROUNDS = Number(process.env.GCS_ROUNDS ?? 10);
/** Google takes about one change of an object a second. */
const PATIENCE = { timeout: 300_000 };

/** A client that counts what it is asked for; what it repeats itself is a matter of its own. */
function counting(): { readonly client: Storage; readonly taken: () => readonly string[] } {
  const client = new Storage();
  const seen: string[] = [];
  client.interceptors.push({
    request: (options) => {
      seen.push((options as { readonly method?: string }).method ?? 'GET');
      return options as never;
    },
  });
  return { client, taken: () => seen.splice(0) };
}

describe.skipIf(own === undefined)(`${own ?? 'a real bucket'}: needs its name in VFS_LOCKFILE_TEST_GCS`, () => {
  const { bucket = '', prefix = '' } = /^gs:\/\/(?<bucket>[^/]+)\/?(?<prefix>.*)$/.exec(own ?? '')?.groups ?? {};
  const options = { bucket, prefix: `${prefix === '' ? '' : `${prefix}/`}test-${randomUUID()}/` };

  const empty = async (vfs: GcsVfs, folder: string): Promise<void> => {
    for await (const { path } of vfs.list(folder, { recursive: true })) await vfs.delete(path);
  };

  const make = (): Promise<VfsUnderTest> => {
    const folder = `case-${randomUUID()}`;
    const [vfs, ...rivals] = [1, 2, 3].map(() => gcsVfs(options));
    return Promise.resolve({ vfs: vfs!, rivals, folder, dispose: () => empty(vfs!, folder) });
  };
  for (const { name, run } of conformance(make, { rounds: ROUNDS })) test(name, PATIENCE, run);

  describe('requests', () => {
    let taken: () => readonly string[];
    let vfs: GcsVfs;
    let released: string;
    let serial = 0;
    let lock: Lockfile;

    beforeAll(async () => {
      const counted = counting();
      taken = counted.taken;
      vfs = gcsVfs({ ...options, client: counted.client });
      released = vfs.capabilities.remove === 'none' ? 'POST' : 'DELETE';
      await vfs.create('first use', Buffer.from('1'));
    });
    beforeEach(() => {
      lock = new Lockfile(new VfsFile(vfs, `lock ${String((serial += 1))}`), { renew: false });
      taken();
    });
    afterAll(() => empty(vfs, ''));

    test('one to acquire, one to renew, one to release', PATIENCE, async () => {
      await lock.acquire();
      expect(taken()).toEqual(['POST']);
      await lock.renew();
      expect(taken()).toEqual(['POST']);
      expect(await lock.release()).toBe(true);
      expect(taken()).toEqual([released]);
    });

    test('two for a try at a lock that others hold', PATIENCE, async () => {
      const held = Buffer.from('{"createdAt":"2026-11-20T00:00:00Z","ttl":0}');
      await vfs.create(`lock ${String(serial)}.lock`, held);
      taken();
      expect(await lock.tryAcquire()).toBe(false);
      expect(taken()).toEqual(['POST', 'GET']);
    });

    test('two for withLock', PATIENCE, async () => {
      await withLock(new VfsFile(vfs, 'scope'), () => undefined);
      expect(taken()).toEqual(['POST', released]);
    });

    test('a stale lock is taken over by the store’s clock, and its former holder is told', PATIENCE, async () => {
      const stale = new Lockfile(new VfsFile(vfs, 'stale'), { ttl: '3s', renew: false });
      await stale.acquire();
      const thief = new Lockfile(new VfsFile(gcsVfs(options), 'stale'), { renew: false });
      expect(await thief.tryAcquire()).toBe(false);
      await thief.acquire({ wait: '60s' });
      expect(thief.reclaimedFrom).toMatchObject({ reason: 'expired' });
      expect(await stale.release()).toBe(false);
      expect(await thief.release()).toBe(true);
    });
  });
});
