import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import type { Vfs } from '../../../src/index.js';
import { loseReply, S3Proxy } from '../../support/http-proxy.js';
import { titled, type BucketServer, type BucketStore } from './store.js';

export const MB = 1024 * 1024;

/** How large the objects and folders of the tests are. */
export interface Amounts {
  readonly megabytes: number;
  /** What part of a large object may be in memory at one time. */
  readonly inMemory: number;
  readonly listed: number;
  readonly pages: number;
}

/** What the tests of one store have to do with. */
export interface ObjectScene<Server extends BucketServer> {
  readonly server: () => Server;
  readonly proxy: () => S3Proxy;
  readonly vfs: () => Vfs;
  /** The same bucket, around the proxy. */
  readonly direct: () => Vfs;
}

interface ObjectsOptions<Server extends BucketServer> extends Amounts {
  readonly kind: 's3' | 'gcs';
  readonly start: () => Promise<Server>;
  /** Fails if the store keeps something of an upload that was given up. `requests` are those of the upload. */
  readonly checkGivenUp: (server: Server, requests: readonly string[]) => void;
}

/** Plain objects: how they are listed, moved, and read and written in pieces. `more` are tests of one store alone. */
export function objectsSuite<Server extends BucketServer>(
  store: BucketStore,
  { kind, start, checkGivenUp, megabytes, inMemory, listed, pages }: ObjectsOptions<Server>,
  more: (scene: ObjectScene<Server>) => void,
): void {
  describe.skipIf(store.lacking !== undefined)(titled('objects of ', store), () => {
    const conditionalDelete = store.native ? 'native' : 'none';
    let server: Server;
    let proxy: S3Proxy;
    let vfs: Vfs;
    let direct: Vfs;

    beforeAll(async () => {
      server = await start();
      proxy = await S3Proxy.to(server.endpoint);
      vfs = server.open({ endpoint: proxy.endpoint, conditionalDelete });
      direct = server.open({ conditionalDelete });
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

    const timeout = 900_000;
    test(`an object of ${String(megabytes)} MB comes, goes and moves in bounded memory`, { timeout }, async () => {
      const size = megabytes * MB + 17;
      const script = join(import.meta.dirname, 'large-child.mjs');
      const args = [script, kind, server.bucket, String(size), conditionalDelete];
      const env = { ...process.env, ...server.env };
      const { stdout } = await promisify(execFile)(process.execPath, args, { env });
      const { peak, ...told } = JSON.parse(stdout) as { readonly peak: number };
      expect(told).toEqual({ bytes: size, same: true, moved: size, refused: 'ERR_VFS_EXISTS' });
      console.log(`${store.name}: ${(peak / 1e6).toFixed()} MB of memory for ${(size / 1e6).toFixed()} MB`);
      expect(peak).toBeLessThan(size * inMemory);
    });

    test('a stream that breaks off leaves no parts behind that cost money', async () => {
      proxy.taken();
      const broken = new Error('the source broke off');
      const source = async function* (): AsyncGenerator<Uint8Array> {
        for (let part = 0; part < 3; part += 1) yield Buffer.alloc(6 * MB);
        await Promise.reject(broken);
      };
      await expect(vfs.write('broken', source())).rejects.toMatchObject({ cause: broken });
      checkGivenUp(server, proxy.taken());
      expect(await vfs.stat('broken')).toBeUndefined();
    });

    test('an answer that breaks off in the middle is asked for once more', async () => {
      await vfs.write('breaks', Buffer.alloc(100_000, 'x'));
      const impatient = server.open({ endpoint: proxy.endpoint, conditionalDelete, timeout: '500ms' });
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

    test('a move whose copy may or may not have been made says so, and the file is still there', async () => {
      await vfs.write('moved', Buffer.from('to be kept'));
      proxy.fault = ({ method }) => (method === store.wire.write ? loseReply : undefined);
      await expect(vfs.move('moved', 'target')).rejects.toMatchObject({ code: 'ERR_VFS_IO', effect: 'unknown' });
      proxy.fault = undefined;
      expect(String((await vfs.read('moved'))?.data)).toBe('to be kept');
      await expect(vfs.move('moved', 'target')).rejects.toMatchObject({ code: 'ERR_VFS_EXISTS', effect: 'none' });
    });

    test('keys that no path leads to, as that of an object that stands for a folder, are passed over by list', async () => {
      for (const key of ['odd/folder/', 'odd/file', ...(store.slashes ? ['odd//double'] : [])])
        await server.putKey(key);
      const found: string[] = [];
      for await (const { path } of vfs.list('odd', { recursive: true })) found.push(path);
      expect(found).toEqual(['odd/file']);
    });

    more({ server: () => server, proxy: () => proxy, vfs: () => vfs, direct: () => direct });
  });
}
