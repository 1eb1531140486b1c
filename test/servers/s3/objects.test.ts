import { buffer } from 'node:stream/consumers';

import { CreateBucketCommand, PutObjectLockConfigurationCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';

import { s3Vfs } from '../../../src/backends/s3/index.js';
import { Lockfile, VfsFile } from '../../../src/index.js';
import { answer } from '../../support/http-proxy.js';
import { objectsSuite } from '../buckets/objects.js';
import { bucketStore, startBucket, type S3BucketServer } from './bucket-store.js';
import { servers } from './servers.js';

const AMOUNTS = { megabytes: 200, inMemory: 1 / 2, listed: 2500, pages: 3 };

function checkGivenUp(_server: S3BucketServer, requests: readonly string[]): void {
  expect(requests[0]).toBe('POST 200');
  expect(requests.at(-1)).toBe('DELETE 204');
}

for (const kind of servers) {
  const options = { ...AMOUNTS, kind: 's3', start: () => startBucket(kind), checkGivenUp } as const;
  objectsSuite(bucketStore(kind), options, ({ server, proxy, vfs, direct }) => {
    test('a stream whose answer breaks off goes on from there, and ends when the object was changed meanwhile', async () => {
      const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251));
      const change = Buffer.alloc(bytes.length, 'y');
      for (const meanwhile of [undefined, change]) {
        await vfs().write('streamed', bytes);
        const ranges: unknown[] = [];
        proxy().fault = (exchange) => async () => {
          const whole = await exchange.forward();
          const times = ranges.push(exchange.headers.range);
          if (times === 2 && meanwhile) await direct().write('streamed', meanwhile);
          exchange.reply(times > 2 ? whole : { ...whole, body: whole.body.subarray(0, 1000) });
          if (times <= 2) setTimeout(exchange.cut, 50);
        };
        const read = buffer(vfs().readStream('streamed'));
        if (meanwhile) await expect(read).rejects.toThrow('it was changed while it was read');
        else expect((await read).equals(bytes)).toBe(true);
        proxy().fault = undefined;
        expect(ranges.slice(0, 3)).toEqual([undefined, 'bytes=1000-', 'bytes=2000-']);
      }
    });

    test('who pays and whose the bucket is goes with every request', async () => {
      const client = server().client({ endpoint: proxy().endpoint });
      const options = { bucket: server().bucket, client, requesterPays: true, expectedBucketOwner: '123456789012' };
      const paying = s3Vfs(options);
      proxy().seen.length = 0;
      // A store that checks the owner refuses all of it.
      const calls = [paying.write('p', Buffer.from('1')), paying.read('p'), paying.create('q', Buffer.from('1'))];
      await Promise.allSettled([...calls, paying.delete('p'), paying.stat('p')]);
      expect(proxy().seen.length).toBeGreaterThanOrEqual(5);
      for (const { headers } of proxy().seen) {
        expect(headers).toMatchObject({
          'x-amz-request-payer': 'requester',
          'x-amz-expected-bucket-owner': '123456789012',
        });
      }
    });

    test('what is not permitted is named, with the least policy that would do', async () => {
      proxy().fault = () => answer(403, 'AccessDenied');
      const refusals: readonly (readonly [string, () => Promise<unknown>, string])[] = [
        ['read', () => vfs().read('a'), `s3:GetObject on the keys of arn:aws:s3:::${server().bucket}, s3:ListBucket`],
        ['write', () => vfs().write('a', Buffer.from('')), 's3:PutObject, s3:AbortMultipartUpload on the keys'],
        ['delete', () => vfs().delete('a'), 's3:GetObject, s3:DeleteObject on the keys'],
        [
          'list',
          () => vfs().list('')[Symbol.asyncIterator]().next(),
          `the least policy for this is s3:ListBucket on arn:aws:s3:::${server().bucket}`,
        ],
      ];
      for (const [verb, call, policy] of refusals) {
        const error: unknown = await call().catch((e: unknown) => e);
        expect(error).toMatchObject({ code: 'ERR_VFS_DENIED' });
        expect(String(error)).toContain(`cannot ${verb} s3://${server().bucket}/`);
        expect(String(error)).toContain(policy);
        expect(String(error)).not.toContain(server().credentials.secretAccessKey);
      }
      proxy().fault = undefined;
    });

    const outcome = kind.versions ? 'keeps locks going' : 'is refused, since the store ignores conditions there';
    test(`a bucket with object lock and a retention ${outcome}`, async () => {
      const client = server().client();
      const Bucket = 'retained';
      await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
      const Rule = { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } } as const;
      const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled', Rule } as const;
      await client.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
      if (!kind.versions) {
        const lock = new Lockfile(new VfsFile(s3Vfs({ bucket: Bucket, client }), 'refused'));
        await expect(lock.acquire()).rejects.toMatchObject({ code: 'ERR_VFS_UNSUPPORTED', effect: 'none' });
        return;
      }
      for (const conditionalDelete of kind.removes ? (['none', 'native'] as const) : (['none'] as const)) {
        const retained = s3Vfs({ bucket: Bucket, client, conditionalDelete });
        const lock = new Lockfile(new VfsFile(retained, conditionalDelete));
        for (let round = 0; round < 3; round += 1) {
          await lock.acquire({ wait: 0 });
          await lock.renew();
          expect(await lock.release()).toBe(true);
        }
      }
    });
  });
}
