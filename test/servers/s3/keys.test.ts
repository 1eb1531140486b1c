import { CreateBucketCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { s3Vfs } from '../../../src/backends/s3/index.js';
import { openFile, VfsFile, withLock } from '../../../src/index.js';
import { S3Proxy } from '../../support/http-proxy.js';
import { missing, servers, type S3Server } from './servers.js';
import { useServer } from './use-server.js';

/** 1,024 bytes with `.lock`, in names that every server takes. */
const LONGEST = `${Array.from({ length: 4 }, () => 'k'.repeat(250)).join('/')}/${'l'.repeat(15)}`;

const keys: readonly (readonly [string, string])[] = [
  ['a blank', 'a b/ c '],
  ['a percent sign', '100%/%41%2F'],
  ['a plus', 'a+b/+'],
  ['other scripts', 'ünï/日本語/😀'],
  ['what XML and URLs reserve', `<&>"'/?#[]@!$&()*,;=:~^|{}`],
  ['a leading slash', '/lead/key'],
  ['leading slashes', '//lead/key'],
  ['1,024 bytes', LONGEST],
];

for (const kind of servers) {
  const lacking = missing(kind);
  describe.skipIf(lacking !== undefined)(`keys of ${kind.name}${lacking ? `: ${lacking}` : ''}`, () => {
    let server: S3Server;
    let proxy: S3Proxy;
    // Of its own, since the stores behind URIs are remembered by it.
    const bucket = `keys-${String(servers.indexOf(kind))}`;
    beforeAll(async () => {
      server = await useServer(kind);
      proxy = await S3Proxy.to(server.endpoint);
      await server.client().send(new CreateBucketCommand({ Bucket: bucket }));
      const { accessKeyId, secretAccessKey } = server.credentials;
      vi.stubEnv('AWS_ENDPOINT_URL', proxy.endpoint);
      vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId);
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
    });
    afterAll(async () => {
      vi.unstubAllEnvs();
      await proxy.close();
      await server.dispose();
    });
    const holds = async (Key: string): Promise<boolean> => {
      const found = server.client().send(new HeadObjectCommand({ Bucket: bucket, Key }));
      return found.then(
        () => true,
        () => false,
      );
    };

    test.each(keys)('%s: the lock of a URI stands right beside its key', async (_what, key) => {
      const uri = `s3://${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
      const file = await openFile(uri);
      await file.write('x');
      expect(await holds(key)).toBe(true);
      await withLock(uri, async (_file, { path }) => {
        expect(path).toBe(`${uri}.lock`);
        expect(await holds(`${key}.lock`)).toBe(true);
      });
      await file.delete();
      expect(await holds(key)).toBe(false);
      // Which not every store knows.
      for (const { headers } of proxy.seen.splice(0)) {
        expect(Object.keys(headers).filter((name) => name.includes('checksum'))).toEqual([]);
      }
    });

    test.each(keys)('%s: as a path of s3Vfs, behind a prefix that ends in it', async (_what, key) => {
      const [, slashes = '', path = ''] = /^(\/*)(.*)$/s.exec(key) ?? [];
      const names = path.split('/');
      const cut = names.length - 1;
      const prefix = `${slashes}${names
        .slice(0, cut)
        .map((name) => `${name}/`)
        .join('')}`;
      const prefixes = Buffer.byteLength(prefix) > 900 ? [slashes] : [slashes, prefix];
      for (const each of prefixes) {
        const vfs = s3Vfs({ bucket: bucket, prefix: each, client: server.client() });
        const file = new VfsFile(vfs, key.slice(each.length));
        await withLock(file, async () => expect(await holds(`${key}.lock`)).toBe(true));
        const listed: string[] = [];
        for await (const entry of vfs.list('', { recursive: true })) listed.push(entry.path);
        expect(listed.includes(`${key.slice(each.length)}.lock`)).toBe(kind.slashes || slashes === '');
      }
    });

    test('one byte more is refused before anything is sent, and the limit is named', async () => {
      const vfs = s3Vfs({ bucket: bucket, client: server.client({ endpoint: proxy.endpoint }) });
      proxy.taken();
      await expect(withLock(new VfsFile(vfs, `${LONGEST}l`), () => undefined)).rejects.toMatchObject({
        code: 'ERR_VFS_PATH',
        message: expect.stringContaining('has 1025 bytes (lock suffixes included), and the store takes 1024') as string,
      });
      const deep = s3Vfs({ bucket: bucket, client: server.client({ endpoint: proxy.endpoint }), prefix: '///' });
      await expect(withLock(new VfsFile(deep, LONGEST), () => undefined)).rejects.toThrow('and the store takes 1021');
      await expect(withLock(`s3://${bucket}//${LONGEST}`, () => undefined)).rejects.toThrow('and the store takes 1023');
      await expect(openFile(`s3://${bucket}/a//b`)).rejects.toThrow('empty name in its key');
      expect(proxy.taken()).toEqual([]);
    });
  });
}
