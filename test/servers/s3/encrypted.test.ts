import { createHash } from 'node:crypto';

import {
  CreateBucketCommand,
  HeadObjectCommand,
  PutBucketEncryptionCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { s3Vfs, type S3Vfs } from '../../../src/backends/s3/index.js';
import { Lockfile, VfsFile } from '../../../src/index.js';
import { KMS_KEY as CEPH_KEY } from './ceph.js';
import { S3Proxy } from '../../support/http-proxy.js';
import { KMS_KEY as SEAWEED_KEY } from './seaweed.js';
import { ceph, missing, seaweed, type S3Kind, type S3Server } from './servers.js';
import { useServer } from './use-server.js';

const BUCKET = 'encrypted';

interface Way {
  readonly kind: S3Kind;
  readonly how: string;
  /** Makes a bucket, and a client, whose objects are encrypted by a key service. */
  readonly prepare: (server: S3Server, client: S3Client) => Promise<void>;
}

const ways: readonly Way[] = [
  {
    kind: seaweed,
    how: 'by default of the bucket',
    prepare: async (_server, client) => {
      const ApplyServerSideEncryptionByDefault = { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: SEAWEED_KEY } as const;
      const ServerSideEncryptionConfiguration = { Rules: [{ ApplyServerSideEncryptionByDefault }] };
      await client.send(new PutBucketEncryptionCommand({ Bucket: BUCKET, ServerSideEncryptionConfiguration }));
    },
  },
  {
    kind: ceph,
    how: 'by a header of each write, since its buckets know no such default',
    prepare: (_server, client) => {
      addHeaders(client, {
        'x-amz-server-side-encryption': 'aws:kms',
        'x-amz-server-side-encryption-aws-kms-key-id': CEPH_KEY,
      });
      return Promise.resolve();
    },
  },
];

const etags: readonly (readonly [string, (client: S3Client) => void])[] = [
  ['the ETags of the store', () => undefined],
  ['ETags that are no digest of anything, as those of SSE-KMS on AWS', disguiseETags],
];

for (const { kind, how, prepare } of ways) {
  const lacking = missing(kind);
  const title = `objects that ${kind.name} encrypts with a key of a key service, ${how}`;
  describe.skipIf(lacking !== undefined)(`${title}${lacking ? `: ${lacking}` : ''}`, () => {
    let server: S3Server;
    let proxy: S3Proxy;

    beforeAll(async () => {
      server = await useServer(kind);
      proxy = await S3Proxy.to(server.endpoint);
      await server.client().send(new CreateBucketCommand({ Bucket: BUCKET }));
    });
    afterAll(async () => {
      await proxy.close();
      await server.dispose();
    });

    describe.each(etags)('with %s', (which, disguise) => {
      let client: S3Client;
      let vfs: S3Vfs;
      beforeAll(async () => {
        client = server.client({ endpoint: proxy.endpoint });
        await prepare(server, client);
        disguise(client);
        const conditionalDelete = kind.removes ? 'native' : 'none';
        vfs = s3Vfs({ bucket: BUCKET, prefix: `${which}/`, client, conditionalDelete });
        await vfs.create('first use', Buffer.from('1'));
      });
      const on = (name: string, ttl = 30_000): Lockfile => new Lockfile(new VfsFile(vfs, name), { renew: false, ttl });

      test('a lock is taken, renewed, released and taken again with one request each', async () => {
        const lock = on('lock');
        proxy.taken();
        for (let round = 0; round < 3; round += 1) {
          await lock.acquire({ wait: 0 });
          // Where tombstones are expected, a lock that is not known is read first.
          expect(proxy.taken()).toEqual(round === 0 && !kind.removes ? ['GET 404', 'PUT 200'] : ['PUT 200']);
          await lock.renew();
          expect(proxy.taken()).toEqual(['PUT 200']);
          const { SSEKMSKeyId, ETag } = await client.send(
            new HeadObjectCommand({ Bucket: BUCKET, Key: `${which}/lock.lock` }),
          );
          expect(SSEKMSKeyId).toBeTruthy();
          const { data, version } = (await vfs.read('lock.lock'))!;
          expect(version).toBe(ETag);
          const digest = createHash('md5').update(data).digest('hex');
          expect(version === `"${digest}"`).toBe(disguise !== disguiseETags);
          proxy.taken();
          expect(await lock.release()).toBe(true);
          expect(proxy.taken()).toEqual([kind.removes ? 'DELETE 204' : 'PUT 200']);
        }
      });

      test('a stale lock is taken over once, and what its holder still knows is of no use', async () => {
        const holder = on('stale', 500);
        await holder.acquire();
        const { version } = (await vfs.read('stale.lock'))!;
        const thief = on('stale');
        await thief.acquire({ wait: '20s' });
        expect(thief.reclaimedFrom).toMatchObject({ reason: 'expired' });
        expect(await vfs.replace('stale.lock', version, Buffer.from('late'))).toBeUndefined();
        expect(await holder.release()).toBe(false);
        await thief.renew();
        expect(await thief.release()).toBe(true);
      });
    });
  });
}

function addHeaders(client: S3Client, headers: Readonly<Record<string, string>>): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        if (commandName === PutObjectCommand.name) Object.assign(headersOf(args.request), headers);
        return next(args);
      },
    { step: 'build', name: 'addHeaders' },
  );
}

/** Stands between the client and its signature, so that the store sees its own ETags and the client others. */
function disguiseETags(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const headers = headersOf(args.request);
      if (headers['if-match'] !== undefined) headers['if-match'] = turned(headers['if-match']);
      return next(args);
    },
    { step: 'build', priority: 'low', name: 'undisguiseETags' },
  );
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const headers = headersOf(result.response);
      if (headers.etag !== undefined) headers.etag = turned(headers.etag);
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'disguiseETags' },
  );
}

/** Its own inverse: each hexadecimal digit for another, and the last first. */
function turned(etag: string): string {
  const digits = Array.from(etag.replaceAll('"', ''))
    .reverse()
    .map((digit) => (15 - parseInt(digit, 16)).toString(16));
  return etag.replace(/[0-9a-f]+/, digits.join(''));
}

function headersOf(message: unknown): Record<string, string> {
  return (message as { readonly headers: Record<string, string> }).headers;
}
