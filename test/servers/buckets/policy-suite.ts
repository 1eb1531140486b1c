import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { doctor } from '../../../src/admin/index.js';
import { conformance, type VfsUnderTest } from '../../../src/conformance/index.js';
import type { Vfs } from '../../../src/index.js';
import { S3Proxy } from '../../support/http-proxy.js';
import { all } from '../../support/operate/locks.js';
import { conditionalOnly, isAny, isLock, LocksApartVfs } from './policy.js';
import { titled, type BucketServer, type BucketStore } from './store.js';

const ROUNDS = 1;

/** A bucket that refuses changes without a condition on the version. `fails`: cases that the store fails by itself. */
export function policySuite(store: BucketStore, fails: Readonly<Record<string, string>> = {}): void {
  const { wire, native, lacking } = store;
  const conditionalDelete = native ? 'native' : 'none';
  describe.skipIf(lacking !== undefined)(titled('under a policy that refuses unconditional changes: ', store), () => {
    let server: BucketServer;
    const proxies: S3Proxy[] = [];
    const refused: string[] = [];
    const under = async (isKept: (key: string) => boolean): Promise<Vfs> => {
      const proxy = await S3Proxy.to(server.endpoint);
      proxies.push(proxy);
      proxy.fault = conditionalOnly(isKept, refused, wire.answer(403, 'AccessDenied'));
      return server.open({ endpoint: proxy.endpoint, conditionalDelete });
    };
    beforeAll(async () => void (server = await store.start()));
    afterAll(async () => {
      for (const proxy of proxies) await proxy.close();
      await server.dispose();
    });

    test('doctor finds locks safe, and that the bucket refuses to overwrite and delete them', async () => {
      const [vfs, path] = [await under(isLock), `doctor-${randomUUID()}`];
      const { verdict, checks, leftBehind } = await doctor({ vfs, path });
      expect(checks.find(({ name }) => name === 'writes by strangers')).toMatchObject({
        verdict: 'ok',
        found: 'overwriting and deleting a lock file without a condition are refused',
      });
      expect(verdict).toBe('safe');
      expect(refused.splice(0).length).toBeGreaterThan(1);
      // Where nothing is deleted by its version, its scratch lock has to stay.
      const left = (await all(vfs.list(path, { recursive: true }))).map((entry) => vfs.locate(entry.path));
      expect(left).toEqual(leftBehind);
      expect(left).toHaveLength(native ? 0 : 1);
    });

    describe('the conformance suite, with all that is done to locks under it:', () => {
      let make: () => Promise<VfsUnderTest>;
      beforeAll(async () => {
        const strangers = server.open({ conditionalDelete });
        const ways = [await under(isAny), await under(isAny), await under(isAny)];
        const [vfs, ...rivals] = ways.map((way) => new LocksApartVfs(way, strangers));
        make = () =>
          Promise.resolve({ vfs: vfs!, rivals, folder: `case-${randomUUID()}`, dispose: () => Promise.resolve() });
      });
      for (const { name, run } of conformance(() => make(), { rounds: ROUNDS })) {
        const why = fails[name];
        if (why === undefined) test(name, { timeout: 900_000 }, run);
        else test.fails(`${name} (not on ${store.name}, which ${why})`, run);
      }
      test('nothing was refused', () => expect(refused).toEqual([]));
    });
  });
}
