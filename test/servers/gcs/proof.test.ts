import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { gcsVfs, type GcsVfs, type GcsVfsOptions } from '../../../src/backends/gcs/index.js';
import { Lockfile, openFile, VfsFile } from '../../../src/index.js';
import { all, S3Proxy } from '../../support/http-proxy.js';
import { answer } from './answers.js';
import { fakeGcs, faultServer, missing, startServer, type GcsServer } from './servers.js';
import { useServer } from './use-server.js';

const without = missing(fakeGcs);

describe('the proof that a store which is not Google’s keeps conditions', () => {
  let server: GcsServer;
  let proxy: S3Proxy;

  beforeAll(async () => {
    server = await startServer(faultServer);
    proxy = await S3Proxy.to(server.endpoint);
  });
  beforeEach(() => void proxy.taken());
  afterEach(() => {
    server.manners!.ignores = 'nothing';
    proxy.fault = undefined;
  });
  afterAll(async () => {
    await proxy.close();
    await server.dispose();
  });

  const through = (options: Partial<GcsVfsOptions> = {}): GcsVfs =>
    gcsVfs({ bucket: server.bucket, client: server.client({ apiEndpoint: proxy.endpoint }), ...options });
  const firstUse = (vfs: GcsVfs): Promise<unknown> =>
    new Lockfile(new VfsFile(vfs, 'data.csv')).acquire().catch((error: unknown) => error);

  test('is made once, before the first write, shared by all who come at once, and leaves nothing', async () => {
    const vfs = through();
    const names = Array.from({ length: 20 }, (_, who) => `at once ${String(who)}`);
    await Promise.all(names.map((name) => vfs.create(name, Buffer.from('1'))));
    const taken = proxy.taken();
    const proof = ['POST 200', 'POST 412', 'POST 200', 'POST 412', 'DELETE 204'];
    expect(taken.slice(0, proof.length)).toEqual(proof);
    expect(taken.slice(proof.length)).toEqual(names.map(() => 'POST 200'));
    for await (const { path } of vfs.list('', { recursive: true })) expect(path).toMatch(/^at once/);
  });

  test('a store that ignores every condition is refused before a lock is taken, by each who tries', async () => {
    server.manners!.ignores = 'everything';
    const vfs = through();
    for (let tries = 0; tries < 2; tries += 1) {
      const error = await firstUse(vfs);
      expect(error).toMatchObject({ code: 'ERR_VFS_UNSUPPORTED', effect: 'none' });
      expect(String(error)).toContain('does a second create of one object in spite of the condition');
    }
    expect(await vfs.stat('data.csv.lock')).toBeUndefined();
  });

  test('it comes before a move, too', async () => {
    server.manners!.ignores = 'everything';
    await through({ conditionalDelete: 'native' }).write('moved', Buffer.from('1'));
    const move = through({ conditionalDelete: 'native' }).move('moved', 'elsewhere');
    await expect(move).rejects.toMatchObject({ code: 'ERR_VFS_UNSUPPORTED', effect: 'none' });
    expect(await through().stat('elsewhere')).toBeUndefined();
  });

  test('a store that ignores the condition of a copy is refused when declared native', async () => {
    server.manners!.ignores = 'copies';
    const error = await firstUse(through({ conditionalDelete: 'native', prefix: 'copies/' }));
    expect(error).toMatchObject({ code: 'ERR_VFS_UNSUPPORTED', effect: 'none' });
    expect(String(error)).toContain('does a copy onto an object in spite of the condition');
  });

  test('its scratch object has a name that the store takes, however long the key', async () => {
    proxy.seen.length = 0;
    await through().create(`${'f'.repeat(1021)}/kk`, Buffer.from('1'));
    const names = proxy.seen.map(({ url }) => new URL(url, server.endpoint).searchParams.get('name') ?? '');
    expect(Math.max(...names.map((name) => Buffer.byteLength(name)))).toBe(1024);
  });

  test('a store that ignores the condition of a DELETE serves by tombstones, and is refused when declared native', async () => {
    server.manners!.ignores = 'removals';
    expect(await firstUse(through())).toBeUndefined();
    const error = await firstUse(through({ conditionalDelete: 'native', prefix: 'x/' }));
    expect(error).toMatchObject({ code: 'ERR_VFS_UNSUPPORTED', effect: 'none' });
    expect(String(error)).toContain('does a stale delete in spite of the condition');
  });

  test('one that could not be made is made again for the next, and names what was not permitted', async () => {
    const vfs = through({ prefix: 'again/' });
    proxy.fault = all('POST', answer(403, 'forbidden'));
    const error = await firstUse(vfs);
    expect(error).toMatchObject({ code: 'ERR_VFS_DENIED', effect: 'none' });
    expect(String(error)).toContain(
      'storage.objects.create, storage.objects.delete, storage.objects.get, storage.objects.list on gs://locks',
    );
    proxy.fault = undefined;
    expect(await firstUse(vfs)).toBeUndefined();
  });

  test.skipIf(without !== undefined)(
    'fake-gcs-server, declared native, is refused where it ignores a DELETE’s condition',
    async () => {
      const fake = await useServer(fakeGcs);
      try {
        const vfs = gcsVfs({
          bucket: fake.bucket,
          client: fake.client(),
          prefix: 'fake/',
          conditionalDelete: 'native',
        });
        const error = await firstUse(vfs);
        if (fake.kept.includes('delete') && fake.kept.includes('copy')) expect(error).toBeUndefined();
        else expect(error).toMatchObject({ code: 'ERR_VFS_UNSUPPORTED', effect: 'none' });
      } finally {
        await fake.dispose();
      }
    },
  );
});

describe('which store it is', () => {
  afterEach(() => {
    delete process.env.STORAGE_EMULATOR_HOST;
  });

  test('Google’s own is given back to by a conditional DELETE, any other by a tombstone, unless declared', () => {
    const removes = (options: Partial<GcsVfsOptions>): string =>
      gcsVfs({ bucket: 'locks', ...options }).capabilities.remove;
    expect(removes({})).toBe('atomic');
    expect(removes({ endpoint: 'https://storage-xyz.p.googleapis.com' })).toBe('atomic');
    expect(removes({ endpoint: 'https://storage.googleapis.com.evil.example' })).toBe('none');
    expect(removes({ endpoint: 'http://127.0.0.1:4443' })).toBe('none');
    expect(removes({ endpoint: 'http://127.0.0.1:4443', conditionalDelete: 'native' })).toBe('atomic');
    expect(removes({ conditionalDelete: 'none' })).toBe('none');
    process.env.STORAGE_EMULATOR_HOST = 'localhost:4443';
    expect(removes({})).toBe('none');
  });

  test('unusable options are refused before anything is loaded, without showing an endpoint', () => {
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{ bucket: '' }, /"" is not the name of a bucket/],
      [{ bucket: 'a/b' }, /is not the name of a bucket/],
      [{ bucket: 'locks', prefix: 'x'.repeat(901) }, /prefix/],
      [{ bucket: 'locks', client: {} }, /client is not a Storage/],
      [{ bucket: 'locks', conditionalDelete: 'yes' }, /conditionalDelete must be/],
      [{ bucket: 'locks', userProject: '' }, /userProject/],
      [{ bucket: 'locks', endpoint: 'http://secret@:x' }, /^gcs: endpoint is not an http or https URL$/],
    ];
    for (const [options, message] of wrong) expect(() => gcsVfs(options as GcsVfsOptions)).toThrow(message);
  });

  test('a URI leads to a bucket and a key, taken as they are', async () => {
    process.env.STORAGE_EMULATOR_HOST = 'http://127.0.0.1:1';
    const shown = async (uri: string): Promise<string> => String(await openFile(uri));
    expect(await shown('gs://locks/in box/100%25+é')).toBe('gs://locks/in%20box/100%25%2B%C3%A9');
    expect(await shown('gs://locks//leading/slash')).toBe('gs://locks//leading/slash');
    for (const uri of ['gs://locks', 'gs:///key', 'gs://me:secret@locks/key', 'gs://locks/a//b']) {
      const error: unknown = await openFile(uri).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: expect.stringMatching(/ERR_VFS_(URI|PATH)/) as string });
      expect(String(error)).not.toContain('secret');
    }
  });
});
