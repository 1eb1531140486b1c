import { expect, test } from 'vitest';

import { gcsVfs } from '../../../src/backends/gcs/index.js';
import { MB, objectsSuite } from '../buckets/objects.js';
import { bucketStore, startBucket, type GcsBucketServer } from './bucket-store.js';
import { fakeGcs, servers } from './servers.js';

/** fake-gcs-server goes over all its objects with each new one, and over all that it has of an upload with each piece of it. */
const FEWER = { megabytes: 110, listed: 1001, pages: 2 };
const AMOUNTS = { megabytes: 200, listed: 2001, pages: 3 };

function checkGivenUp({ uploadsLeft }: GcsBucketServer): void {
  if (uploadsLeft) expect(uploadsLeft()).toBe(0);
}

for (const kind of servers) {
  const conditionalDelete = kind.removes ? 'native' : 'none';
  const amounts = kind === fakeGcs ? FEWER : AMOUNTS;
  const options = { ...amounts, inMemory: 1, kind: 'gcs', start: () => startBucket(kind), checkGivenUp } as const;
  objectsSuite(bucketStore(kind), options, ({ server, proxy, vfs, direct }) => {
    test('a store that takes less than it was sent is sent the rest', async () => {
      const { manners } = server();
      if (manners) manners.chunkBytes = 5 * MB;
      const data = Buffer.alloc(20 * MB + 3, 'some bytes');
      await vfs().write('by parts', [data.subarray(0, 9 * MB), data.subarray(9 * MB)] as never);
      if (manners) manners.chunkBytes = Infinity;
      const read = Buffer.concat((await vfs().readStream('by parts').toArray()) as Buffer[]);
      expect(read.equals(data)).toBe(true);
    });

    test('a file is one generation from its first byte to its last', async () => {
      await vfs().write('rewritten', Buffer.alloc(9 * MB, 'old'));
      const read = async (): Promise<void> => {
        let rewritten: Promise<void> | undefined;
        for await (const piece of vfs().readStream('rewritten')) {
          expect((piece as Buffer).includes('new')).toBe(false);
          await (rewritten ??= vfs().write('rewritten', Buffer.alloc(9 * MB, 'new')));
        }
      };
      await expect(read()).rejects.toMatchObject({ code: 'ERR_VFS_NOT_FOUND' });
    });

    test('a move of a file that is rewritten meanwhile moves nothing', async () => {
      await vfs().write('contended', Buffer.from('old'));
      proxy().taken();
      let looked = false;
      proxy().fault = ({ method }) => {
        if (method !== 'GET' || looked) return undefined;
        looked = true;
        return async ({ forward, reply }) => {
          const found = await forward();
          await direct().write('contended', Buffer.from('new'));
          reply(found);
        };
      };
      await expect(vfs().move('contended', 'elsewhere too')).rejects.toMatchObject({ code: 'ERR_VFS_CHANGED' });
      // Not even for a moment.
      expect(proxy().taken()).not.toContain('POST 200');
      proxy().fault = undefined;
      expect(String((await vfs().read('contended'))?.data)).toBe('new');
      expect(await vfs().stat('elsewhere too')).toBeUndefined();
    });

    test.runIf(kind.removes)('a file that is rewritten while it is moved is not moved', async () => {
      await vfs().write('moved twice', Buffer.from('old'));
      proxy().fault = ({ method }) => {
        if (method !== 'DELETE') return undefined;
        proxy().fault = undefined;
        return async ({ forward, reply }) => {
          await direct().write('moved twice', Buffer.from('new'));
          reply(await forward());
        };
      };
      await expect(vfs().move('moved twice', 'its copy')).rejects.toMatchObject({ code: 'ERR_VFS_CHANGED' });
      expect(String((await vfs().read('moved twice'))?.data)).toBe('new');
      expect(await vfs().stat('its copy')).toBeUndefined();
    });

    test('names with leading slashes, line ends and placeholders of the SDK', async () => {
      const client = server().client();
      const slashed = gcsVfs({ bucket: server().bucket, client, prefix: '//', conditionalDelete });
      for (const name of ['{{projectId}}', ':colon', '!*()', 'a/:b', '?#[]@']) {
        const written = await slashed.create(name, Buffer.from(name));
        expect((await slashed.read(name))?.version).toBe(written!.version);
        expect((await client.bucket(server().bucket).file(`//${name}`).exists())[0]).toBe(true);
        expect(await slashed.delete(name)).toBe(true);
      }
      for (const name of ['a\nb', 'a\rb']) expect(() => vfs().check(name)).toThrow(/line break/);
      expect(() => vfs().check('.well-known/acme-challenge/x')).toThrow(/reserved/);
    });

    test('who pays goes with every request', async () => {
      const client = server().client({ apiEndpoint: proxy().endpoint });
      const paying = gcsVfs({ bucket: server().bucket, client, userProject: 'a-project', conditionalDelete });
      proxy().seen.length = 0;
      const written = await paying.create('p', Buffer.from('1'));
      await paying.replace('p', written!.version, Buffer.from('2'));
      await paying.write('big', [Buffer.alloc(9 * MB)] as never);
      await paying.move('p', 'q');
      await paying.stat('q');
      await paying.list('').next();
      await paying.delete('q');
      const own = proxy().seen.filter(({ url }) => !/upload_id|session/.test(url));
      expect(own.length).toBeGreaterThanOrEqual(12);
      for (const { url } of own) expect(url).toContain('userProject=a-project');
    });
  });
}
