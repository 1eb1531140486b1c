import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { gcsVfs, type GcsVfs } from '../../../src/backends/gcs/index.js';
import { loseReply, S3Proxy } from '../../support/http-proxy.js';
import { fakeGcs, missing, servers, type GcsKind, type GcsServer } from './servers.js';
import { useServer } from './use-server.js';

const MB = 1024 * 1024;
/** fake-gcs-server goes over all its objects with each new one, and over all that it has of an upload with each piece of it. */
const sizesOf = (kind: GcsKind) =>
  kind === fakeGcs ? { megabytes: 110, listed: 1001, pages: 2 } : { megabytes: 200, listed: 2001, pages: 3 };

for (const kind of servers) {
  const lacking = missing(kind);
  const conditionalDelete = kind.removes ? 'native' : 'none';
  describe.skipIf(lacking !== undefined)(`objects of ${kind.name}${lacking ? `: ${lacking}` : ''}`, () => {
    const { megabytes, listed, pages } = sizesOf(kind);
    let server: GcsServer;
    let proxy: S3Proxy;
    let vfs: GcsVfs;
    /** Around the proxy. */
    let direct: GcsVfs;

    beforeAll(async () => {
      server = await useServer(kind);
      proxy = await S3Proxy.to(server.endpoint);
      const client = server.client({ apiEndpoint: proxy.endpoint });
      vfs = gcsVfs({ bucket: server.bucket, client, conditionalDelete });
      direct = gcsVfs({ bucket: server.bucket, client: server.client(), conditionalDelete });
      await vfs.create('first use', Buffer.from('1'));
    });
    afterEach(() => {
      proxy.fault = undefined;
    });
    afterAll(async () => {
      await proxy.close();
      await server.dispose();
    });

    test(`a folder of ${String(listed)} objects is listed a page of a thousand at a time, and left early at the first`, async () => {
      const names = Array.from({ length: listed }, (_, at) => `many/${String(at).padStart(4, '0')}`);
      for (let at = 0; at < names.length; at += 50) {
        await Promise.all(names.slice(at, at + 50).map((name) => direct.write(name, Buffer.from('x'))));
      }
      proxy.taken();
      const found: string[] = [];
      for await (const { path } of vfs.list('many')) found.push(path);
      expect(found).toEqual(names);
      expect(proxy.taken()).toEqual(Array<string>(pages).fill('GET 200'));
      for await (const { path } of vfs.list('many')) if (path === names[5]) break;
      expect(proxy.taken()).toEqual(['GET 200']);
    });

    test(
      `an object of ${String(megabytes)} MB comes, goes and moves in bounded memory`,
      { timeout: 900_000 },
      async () => {
        const env = { ...process.env, STORAGE_EMULATOR_HOST: server.endpoint };
        const script = join(import.meta.dirname, 'large-child.mjs');
        const size = megabytes * MB + 17;
        const args = [script, server.bucket, String(size), conditionalDelete];
        const { stdout } = await promisify(execFile)(process.execPath, args, { env });
        const { peak, ...told } = JSON.parse(stdout) as { readonly peak: number };
        expect(told).toEqual({ bytes: size, same: true, moved: size, refused: 'ERR_VFS_EXISTS' });
        console.log(`${kind.name}: ${(peak / 1e6).toFixed()} MB of memory for ${(size / 1e6).toFixed()} MB`);
        expect(peak).toBeLessThan(size);
      },
    );

    test('a stream that breaks off gives back what the store keeps of it', async () => {
      proxy.taken();
      const broken = new Error('the source broke off');
      const source = async function* (): AsyncGenerator<Uint8Array> {
        for (let part = 0; part < 3; part += 1) yield Buffer.alloc(6 * MB);
        await Promise.reject(broken);
      };
      await expect(vfs.write('broken', source())).rejects.toMatchObject({ cause: broken });
      expect(await vfs.stat('broken')).toBeUndefined();
      if (server.uploadsLeft) expect(server.uploadsLeft()).toBe(0);
    });

    test('a store that takes less than it was sent is sent the rest', async () => {
      if (server.manners) server.manners.chunkBytes = 5 * MB;
      const data = Buffer.alloc(20 * MB + 3, 'some bytes');
      await vfs.write('by parts', [data.subarray(0, 9 * MB), data.subarray(9 * MB)] as never);
      if (server.manners) server.manners.chunkBytes = Infinity;
      const read = Buffer.concat((await vfs.readStream('by parts').toArray()) as Buffer[]);
      expect(read.equals(data)).toBe(true);
    });

    test('an answer that breaks off in the middle is asked for once more', async () => {
      await vfs.write('breaks', Buffer.alloc(100_000, 'x'));
      const client = server.client({ apiEndpoint: proxy.endpoint });
      const impatient = gcsVfs({ bucket: server.bucket, client, conditionalDelete, timeout: '500ms' });
      let times = 0;
      proxy.fault = () => async (exchange) => {
        const whole = await exchange.forward();
        times += 1;
        exchange.reply(times > 1 ? whole : { ...whole, body: whole.body.subarray(0, 1000) });
        if (times === 1) setTimeout(exchange.cut, 50);
      };
      expect((await impatient.read('breaks'))?.data.byteLength).toBe(100_000);
      expect(times).toBe(2);
    });

    test('a file is one generation from its first byte to its last', async () => {
      await vfs.write('rewritten', Buffer.alloc(9 * MB, 'old'));
      const read = async (): Promise<void> => {
        let rewritten: Promise<void> | undefined;
        for await (const piece of vfs.readStream('rewritten')) {
          expect((piece as Buffer).includes('new')).toBe(false);
          await (rewritten ??= vfs.write('rewritten', Buffer.alloc(9 * MB, 'new')));
        }
      };
      await expect(read()).rejects.toMatchObject({ code: 'ERR_VFS_NOT_FOUND' });
    });

    test('a move whose copy may or may not have been made says so, and the file is still there', async () => {
      await vfs.write('moved', Buffer.from('to be kept'));
      proxy.fault = ({ method }) => (method === 'POST' ? loseReply : undefined);
      await expect(vfs.move('moved', 'target')).rejects.toMatchObject({ code: 'ERR_VFS_IO', effect: 'unknown' });
      proxy.fault = undefined;
      expect(String((await vfs.read('moved'))?.data)).toBe('to be kept');
      await expect(vfs.move('moved', 'target')).rejects.toMatchObject({ code: 'ERR_VFS_EXISTS', effect: 'none' });
    });

    test('a move of a file that is rewritten meanwhile moves nothing', async () => {
      await vfs.write('contended', Buffer.from('old'));
      proxy.taken();
      let looked = false;
      proxy.fault = ({ method }) => {
        if (method !== 'GET' || looked) return undefined;
        looked = true;
        return async ({ forward, reply }) => {
          const found = await forward();
          await direct.write('contended', Buffer.from('new'));
          reply(found);
        };
      };
      await expect(vfs.move('contended', 'elsewhere too')).rejects.toMatchObject({ code: 'ERR_VFS_NOT_FOUND' });
      // Not even for a moment.
      expect(proxy.taken()).not.toContain('POST 200');
      proxy.fault = undefined;
      expect(String((await vfs.read('contended'))?.data)).toBe('new');
      expect(await vfs.stat('elsewhere too')).toBeUndefined();
    });

    test.runIf(kind.removes)('a file that is rewritten while it is moved is not moved', async () => {
      await vfs.write('moved twice', Buffer.from('old'));
      proxy.fault = ({ method }) => {
        if (method !== 'DELETE') return undefined;
        proxy.fault = undefined;
        return async ({ forward, reply }) => {
          await direct.write('moved twice', Buffer.from('new'));
          reply(await forward());
        };
      };
      await expect(vfs.move('moved twice', 'its copy')).rejects.toMatchObject({ code: 'ERR_VFS_NOT_FOUND' });
      expect(String((await vfs.read('moved twice'))?.data)).toBe('new');
      expect(await vfs.stat('its copy')).toBeUndefined();
    });

    test('an object that stands for a folder is nobody’s file', async () => {
      const uploads = `${server.endpoint}/upload/storage/v1/b/${server.bucket}/o?uploadType=media&name=`;
      for (const name of ['folder/', 'folder/file', 'folder//odd']) {
        await fetch(uploads + encodeURIComponent(name), { method: 'POST', body: 'x' });
      }
      const found: string[] = [];
      for await (const { path } of vfs.list('folder', { recursive: true })) found.push(path);
      expect(found).toEqual(['folder/file']);
    });

    test('names with leading slashes, line ends and placeholders of the SDK', async () => {
      const client = server.client();
      const slashed = gcsVfs({ bucket: server.bucket, client, prefix: '//', conditionalDelete });
      for (const name of ['{{projectId}}', ':colon', '!*()', 'a/:b', '?#[]@']) {
        const written = await slashed.create(name, Buffer.from(name));
        expect((await slashed.read(name))?.version).toBe(written!.version);
        expect((await client.bucket(server.bucket).file(`//${name}`).exists())[0]).toBe(true);
        expect(await slashed.delete(name)).toBe(true);
      }
      for (const name of ['a\nb', 'a\rb']) expect(() => vfs.check(name)).toThrow(/line break/);
      expect(() => vfs.check('.well-known/acme-challenge/x')).toThrow(/reserved/);
    });

    test('who pays goes with every request', async () => {
      const client = server.client({ apiEndpoint: proxy.endpoint });
      const paying = gcsVfs({ bucket: server.bucket, client, userProject: 'a-project', conditionalDelete });
      proxy.seen.length = 0;
      const written = await paying.create('p', Buffer.from('1'));
      await paying.replace('p', written!.version, Buffer.from('2'));
      await paying.write('big', [Buffer.alloc(9 * MB)] as never);
      await paying.move('p', 'q');
      await paying.stat('q');
      await paying.list('').next();
      await paying.delete('q');
      const own = proxy.seen.filter(({ url }) => !/upload_id|session/.test(url));
      expect(own.length).toBeGreaterThanOrEqual(12);
      for (const { url } of own) expect(url).toContain('userProject=a-project');
    });
  });
}
