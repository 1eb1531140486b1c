import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';

import { CreateBucketCommand, PutObjectCommand, PutObjectLockConfigurationCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { s3Vfs, type S3Vfs } from '../../../src/backends/s3/index.js';
import { Lockfile, VfsFile } from '../../../src/index.js';
import { answer, loseReply, S3Proxy } from '../../support/http-proxy.js';
import { missing, servers, type S3Server } from './servers.js';
import { useServer } from './use-server.js';

const LARGE_BYTES = 200 * 1024 * 1024 + 17;

for (const kind of servers) {
  const lacking = missing(kind);
  describe.skipIf(lacking !== undefined)(`objects of ${kind.name}${lacking ? `: ${lacking}` : ''}`, () => {
    let server: S3Server;
    let proxy: S3Proxy;
    let vfs: S3Vfs;
    /** Around the proxy. */
    let direct: S3Vfs;

    beforeAll(async () => {
      server = await useServer(kind);
      proxy = await S3Proxy.to(server.endpoint);
      vfs = s3Vfs({ bucket: server.bucket, client: server.client({ endpoint: proxy.endpoint }) });
      direct = s3Vfs({ bucket: server.bucket, client: server.client() });
    });
    afterAll(async () => {
      await proxy.close();
      await server.dispose();
    });

    test('a folder of 2,500 objects is listed a page of a thousand at a time, and left early at the first', async () => {
      const names = Array.from({ length: 2500 }, (_, at) => `many/${String(at).padStart(4, '0')}`);
      for (let at = 0; at < names.length; at += 50) {
        await Promise.all(names.slice(at, at + 50).map((name) => vfs.write(name, Buffer.from('x'))));
      }
      proxy.taken();
      const found: string[] = [];
      for await (const { path } of vfs.list('many')) found.push(path);
      expect(found).toEqual(names);
      expect(proxy.taken()).toEqual(['GET 200', 'GET 200', 'GET 200']);
      for await (const { path } of vfs.list('many')) if (path === names[5]) break;
      expect(proxy.taken()).toEqual(['GET 200']);
    });

    test('an object of 200 MB comes, goes and moves in bounded memory', { timeout: 900_000 }, async () => {
      const { accessKeyId, secretAccessKey } = server.credentials;
      const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
      const env = { ...process.env, ...keys, AWS_ENDPOINT_URL: server.endpoint, NODE_NO_WARNINGS: '1' };
      const args = [join(import.meta.dirname, 'large-child.mjs'), server.bucket, String(LARGE_BYTES)];
      const { stdout } = await promisify(execFile)(process.execPath, args, { env });
      const { peak, ...told } = JSON.parse(stdout) as { readonly peak: number };
      expect(told).toEqual({ bytes: LARGE_BYTES, same: true, moved: LARGE_BYTES, refused: 'ERR_VFS_EXISTS' });
      console.log(`${kind.name}: ${(peak / 1e6).toFixed()} MB of memory for ${(LARGE_BYTES / 1e6).toFixed()} MB`);
      expect(peak).toBeLessThan(LARGE_BYTES / 2);
    });

    test('a stream that breaks off leaves no parts behind that cost money', async () => {
      proxy.taken();
      const broken = new Error('the source broke off');
      const source = async function* (): AsyncGenerator<Uint8Array> {
        for (let part = 0; part < 3; part += 1) yield Buffer.alloc(6 * 1024 * 1024);
        await Promise.reject(broken);
      };
      await expect(vfs.write('broken', source())).rejects.toMatchObject({ cause: broken });
      const taken = proxy.taken();
      expect(taken[0]).toBe('POST 200');
      expect(taken.at(-1)).toBe('DELETE 204');
      expect(await vfs.stat('broken')).toBeUndefined();
    });

    test('an answer that breaks off in the middle is asked for once more', async () => {
      await vfs.write('breaks', Buffer.alloc(100_000, 'x'));
      let times = 0;
      proxy.fault = () => async (exchange) => {
        const whole = await exchange.forward();
        times += 1;
        exchange.reply(times > 1 ? whole : { ...whole, body: whole.body.subarray(0, 1000) });
        if (times === 1) setTimeout(exchange.cut, 50);
      };
      expect((await vfs.read('breaks'))?.data.byteLength).toBe(100_000);
      proxy.fault = undefined;
      expect(times).toBe(2);
    });

    test('a stream whose answer breaks off goes on from there, and ends when the object was changed meanwhile', async () => {
      const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251));
      const change = Buffer.alloc(bytes.length, 'y');
      for (const meanwhile of [undefined, change]) {
        await vfs.write('streamed', bytes);
        const ranges: unknown[] = [];
        proxy.fault = (exchange) => async () => {
          const whole = await exchange.forward();
          const times = ranges.push(exchange.headers.range);
          if (times === 2 && meanwhile) await direct.write('streamed', meanwhile);
          exchange.reply(times > 2 ? whole : { ...whole, body: whole.body.subarray(0, 1000) });
          if (times <= 2) setTimeout(exchange.cut, 50);
        };
        const read = buffer(vfs.readStream('streamed'));
        if (meanwhile) await expect(read).rejects.toThrow('it was changed while it was read');
        else expect((await read).equals(bytes)).toBe(true);
        proxy.fault = undefined;
        expect(ranges.slice(0, 3)).toEqual([undefined, 'bytes=1000-', 'bytes=2000-']);
      }
    });

    test('a move whose copy may or may not have been made says so, and the file is still there', async () => {
      await vfs.create('first use', Buffer.from('1'));
      await vfs.write('moved', Buffer.from('to be kept'));
      proxy.fault = ({ method }) => (method === 'PUT' ? loseReply : undefined);
      await expect(vfs.move('moved', 'target')).rejects.toMatchObject({ code: 'ERR_VFS_IO', effect: 'unknown' });
      proxy.fault = undefined;
      expect(String((await vfs.read('moved'))?.data)).toBe('to be kept');
      await expect(vfs.move('moved', 'target')).rejects.toMatchObject({ code: 'ERR_VFS_EXISTS', effect: 'none' });
    });

    test('keys that no path leads to are passed over by list', async () => {
      const client = server.client();
      for (const Key of ['odd/folder/', 'odd/file']) {
        await client.send(new PutObjectCommand({ Bucket: server.bucket, Key, Body: 'x' }));
      }
      const found: string[] = [];
      for await (const { path } of vfs.list('odd', { recursive: true })) found.push(path);
      expect(found).toEqual(['odd/file']);
    });

    test('who pays and whose the bucket is goes with every request', async () => {
      const client = server.client({ endpoint: proxy.endpoint });
      const options = { bucket: server.bucket, client, requesterPays: true, expectedBucketOwner: '123456789012' };
      const paying = s3Vfs(options);
      proxy.seen.length = 0;
      // A store that checks the owner refuses all of it.
      const calls = [paying.write('p', Buffer.from('1')), paying.read('p'), paying.create('q', Buffer.from('1'))];
      await Promise.allSettled([...calls, paying.delete('p'), paying.stat('p')]);
      expect(proxy.seen.length).toBeGreaterThanOrEqual(5);
      for (const { headers } of proxy.seen) {
        expect(headers).toMatchObject({
          'x-amz-request-payer': 'requester',
          'x-amz-expected-bucket-owner': '123456789012',
        });
      }
    });

    test('what is not permitted is named, with the least policy that would do', async () => {
      proxy.fault = () => answer(403, 'AccessDenied');
      const refusals: readonly (readonly [string, () => Promise<unknown>, string])[] = [
        ['read', () => vfs.read('a'), `s3:GetObject on the keys of arn:aws:s3:::${server.bucket}, s3:ListBucket`],
        ['write', () => vfs.write('a', Buffer.from('')), 's3:PutObject, s3:AbortMultipartUpload on the keys'],
        ['delete', () => vfs.delete('a'), 's3:GetObject, s3:DeleteObject on the keys'],
        [
          'list',
          async () => vfs.list('').next(),
          `the least policy for this is s3:ListBucket on arn:aws:s3:::${server.bucket}`,
        ],
      ];
      for (const [verb, call, policy] of refusals) {
        const error: unknown = await call().catch((e: unknown) => e);
        expect(error).toMatchObject({ code: 'ERR_VFS_DENIED' });
        expect(String(error)).toContain(`cannot ${verb} s3://${server.bucket}/`);
        expect(String(error)).toContain(policy);
        expect(String(error)).not.toContain(server.credentials.secretAccessKey);
      }
      proxy.fault = undefined;
    });

    const outcome = kind.versions ? 'keeps locks going' : 'is refused, since the store ignores conditions there';
    test(`a bucket with object lock and a retention ${outcome}`, async () => {
      const client = server.client();
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
