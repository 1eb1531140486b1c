import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { s3Vfs, type S3Vfs } from '../../../src/backends/s3/index.js';
import { Lockfile, VfsError, VfsFile } from '../../../src/index.js';
import { doctor } from '../../../src/admin/index.js';
import { answer, loseReply, S3Proxy } from '../../support/http-proxy.js';
import { ceph, clientOf, missing, type S3Server } from './servers.js';
import { useServer } from './use-server.js';

const lacking = missing(ceph);

interface Liar {
  run(): Promise<{ readonly port: number }>;
  close(): Promise<void>;
}

/** A store that takes conditions and ignores them. */
describe('s3rver, which ignores every condition', () => {
  const home = mkdtempSync(join(tmpdir(), 'vfs-lockfile-s3rver-'));
  let liar: Liar;
  let vfs: S3Vfs;

  beforeAll(async () => {
    const S3rver = createRequire(import.meta.url)('s3rver') as new (options: object) => Liar;
    const quiet = { address: '127.0.0.1', port: 0, silent: true, directory: home };
    liar = new S3rver({ ...quiet, configureBuckets: [{ name: 'locks' }] });
    const { port } = await liar.run();
    const credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
    vfs = s3Vfs({ bucket: 'locks', client: clientOf({ endpoint: `http://127.0.0.1:${String(port)}`, credentials }) });
  });

  afterAll(async () => {
    await liar.close();
    rmSync(home, { recursive: true, force: true });
  });

  test('is refused before a lock is taken, by each who tries, and nothing is left behind', async () => {
    for (let tries = 0; tries < 2; tries += 1) {
      const error: unknown = await new Lockfile(new VfsFile(vfs, 'data.csv')).acquire().catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'ERR_VFS_UNSUPPORTED', effect: 'none' });
      expect(String(error)).toContain('does a second create of one object in spite of the condition');
    }
    const { verdict, words, leftBehind } = await doctor({ vfs, path: '' });
    expect({ verdict, leftBehind }).toEqual({ verdict: 'unsafe', leftBehind: [] });
    expect(words[0]).toMatch(/^Do not lock here/);
    expect(words.join('\n')).toContain('does a second create of one object in spite of the condition');
    const left: string[] = [];
    for await (const { path } of vfs.list('', { recursive: true })) left.push(path);
    expect(left).toEqual([]);
  });

  test('serves for what needs no condition', async () => {
    await vfs.write('a', Buffer.from('a'));
    expect(await vfs.stat('a')).toMatchObject({ size: 1 });
  });
});

describe.skipIf(lacking !== undefined)(`the proof on Ceph RGW${lacking ? `: ${lacking}` : ''}`, () => {
  let server: S3Server;
  let proxy: S3Proxy;

  beforeAll(async () => {
    server = await useServer(ceph);
    proxy = await S3Proxy.to(server.endpoint);
  });
  afterAll(async () => {
    await proxy.close();
    await server.dispose();
  });

  const through = (): S3Vfs => s3Vfs({ bucket: server.bucket, client: server.client({ endpoint: proxy.endpoint }) });

  test('is made once, before the first write, and finds how the store wants its ETags', async () => {
    const vfs = through();
    expect(proxy.taken()).toEqual([]);
    const written = await vfs.create('first', Buffer.from('1'));
    const proof = ['PUT 200', 'PUT 412', 'PUT 412', 'PUT 200', 'PUT 412', 'DELETE 204'];
    expect(proxy.taken()).toEqual([...proof, 'PUT 200']);
    await vfs.create('second', Buffer.from('1'));
    await vfs.replace('first', written!.version, Buffer.from('2'));
    expect(proxy.taken()).toEqual(['PUT 200', 'PUT 200']);
  });

  test('bare ETags weaken no condition', async () => {
    const vfs = through();
    const first = await vfs.create('bare', Buffer.from('1'));
    const second = await vfs.replace('bare', first!.version, Buffer.from('2'));
    expect(first!.version).toMatch(/^"[0-9a-f]{32}"$/);
    expect(await vfs.replace('bare', first!.version, Buffer.from('3'))).toBeUndefined();
    expect((await vfs.read('bare'))?.version).toBe(second!.version);
  });

  test('is shared by all who come at once', async () => {
    const vfs = through();
    proxy.taken();
    await Promise.all(Array.from({ length: 20 }, (_, who) => vfs.create(`at once ${String(who)}`, Buffer.from('1'))));
    expect(proxy.taken().filter((each) => each.startsWith('DELETE'))).toHaveLength(1);
  });

  test('refuses a store that ignores the condition of a DELETE, where that was declared to be kept', async () => {
    const options = { bucket: server.bucket, client: server.client(), conditionalDelete: 'native' } as const;
    const refused = await new Lockfile(new VfsFile(s3Vfs(options), 'native'))
      .acquire()
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'ERR_VFS_UNSUPPORTED', effect: 'none' });
    expect(String(refused)).toContain('does a stale delete in spite of the condition');
    expect(await s3Vfs(options).stat('native.lock')).toBeUndefined();
    const { verdict, words } = await doctor({ vfs: s3Vfs(options), path: '' });
    expect([verdict, words.some((each) => each.includes('does a stale delete'))]).toEqual(['unsafe', true]);
  });

  test('that could not be made is made again for the next', async () => {
    const vfs = through();
    proxy.fault = () => answer(403, 'AccessDenied');
    const error: unknown = await vfs.create('denied', Buffer.from('1')).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(VfsError);
    expect(error).toMatchObject({ code: 'ERR_VFS_DENIED', effect: 'none' });
    expect(String(error)).toContain('s3:GetObject, s3:PutObject, s3:DeleteObject on the keys of arn:aws:s3:::locks');
    proxy.fault = undefined;
    expect(await vfs.create('denied', Buffer.from('1'))).toBeDefined();
  });

  test('is not misled by its own write whose reply was lost', async () => {
    for (const lost of [1, 3, 4]) {
      const vfs = through();
      proxy.taken();
      proxy.fault = ({ number }) => (number === lost ? loseReply : undefined);
      expect(await vfs.create(`lost ${String(lost)}`, Buffer.from('1'))).toBeDefined();
      proxy.fault = undefined;
    }
  });

  test('a store that the settings of the SDK lead to, but that nobody named, is not taken for AWS', async () => {
    const settings = join(mkdtempSync(join(tmpdir(), 'vfs-lockfile-s3-')), 'config');
    writeFileSync(settings, `[default]\nendpoint_url = ${proxy.endpoint}\nregion = us-east-1\n`);
    vi.stubEnv('AWS_CONFIG_FILE', settings);
    const { accessKeyId, secretAccessKey } = server.credentials;
    vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
    const vfs = s3Vfs({ bucket: server.bucket, pathStyle: true });
    expect(vfs.capabilities.remove).toBe('atomic');
    proxy.taken();
    const error: unknown = await vfs.create('x', Buffer.from('1')).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_VFS_UNSUPPORTED', effect: 'none' });
    expect(String(error)).toContain('127.0.0.1, which is not AWS');
    expect(proxy.taken()).toEqual([]);
    await vfs.close();
    rmSync(dirname(settings), { recursive: true });
    vi.unstubAllEnvs();
  });
});
