import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import { gcsVfs, type GcsVfs } from '../../../src/backends/gcs/index.js';
import type { Version } from '../../../src/index.js';
import { all, nth, loseReply, loseRequest, S3Proxy, type Fault } from '../../support/http-proxy.js';
import { answer, answerAfter } from './answers.js';
import { faultServer, startServer, type GcsServer } from './servers.js';

const DATA = Buffer.from('data');

describe('what one conditional request came to', () => {
  let server: GcsServer;
  let proxy: S3Proxy;
  let vfs: GcsVfs;
  let version: Version;
  let serial = 0;
  let [fresh, there] = ['', ''];

  beforeAll(async () => {
    server = await startServer(faultServer);
    proxy = await S3Proxy.to(server.endpoint);
    const client = server.client({ apiEndpoint: proxy.endpoint });
    vfs = gcsVfs({ bucket: server.bucket, client, conditionalDelete: 'native' });
    await vfs.create('first use', DATA);
  });
  beforeEach(async () => {
    [fresh, there] = [`fresh ${String((serial += 1))}`, `there ${String(serial)}`];
    version = (await vfs.create(there, DATA))!.version;
    proxy.taken();
  });
  afterEach(() => {
    vi.restoreAllMocks();
    proxy.fault = undefined;
  });
  afterAll(async () => {
    await proxy.close();
    await server.dispose();
  });

  type Verb = 'create' | 'replace' | 'remove';
  const verbs: readonly (readonly [Verb, string])[] = [
    ['create', 'POST'],
    ['replace', 'POST'],
    ['remove', 'DELETE'],
  ];
  const send = (verb: Verb, signal?: AbortSignal): Promise<unknown> => {
    if (verb === 'create') return vfs.create(fresh, DATA, { signal });
    return verb === 'replace' ? vfs.replace(there, version, DATA, { signal }) : vfs.remove(there, version, { signal });
  };
  const fails = (verb: Verb, signal?: AbortSignal): Promise<unknown> =>
    send(verb, signal).then(String, (e: unknown) => e);

  describe.each(verbs)('%s', (verb, method) => {
    const again = verb === 'remove' ? 'DELETE 404' : 'POST 412';

    test.each([500, 502, 503])('a refusal after a %i that hid a success is no answer', async (status) => {
      proxy.fault = nth(method, 1, answerAfter(status, 'backendError'));
      expect(await fails(verb)).toMatchObject({ code: 'ERR_VFS_IO', effect: 'unknown' });
      expect(proxy.taken()).toEqual([`${method} ${String(status)}`, again]);
    });

    const silent: readonly (readonly [string, Fault])[] = [
      ['the reply', loseReply],
      ['the request', loseRequest],
    ];
    test.each(silent)('where %s is lost, nobody can tell, and nothing repeats it', async (_what, fault) => {
      proxy.fault = nth(method, 1, fault);
      expect(await fails(verb)).toMatchObject({ code: 'ERR_VFS_IO', effect: 'unknown' });
      expect(proxy.taken()).toEqual([`${method} unanswered`]);
    });

    test('a 503 is answered by three requests at most, and leaves the outcome open', async () => {
      proxy.fault = all(method, answer(503, 'backendError'));
      expect(await fails(verb)).toMatchObject({ code: 'ERR_VFS_IO', effect: 'unknown' });
      expect(proxy.taken()).toEqual(Array(3).fill(`${method} 503`));
    });

    test('B5: a 429 is answered by three requests at most, and is nobody holding anything', async () => {
      proxy.fault = all(method, answer(429, 'rateLimitExceeded'));
      expect(await fails(verb)).toMatchObject({ code: 'ERR_VFS_IO', effect: 'unknown' });
      expect(proxy.taken()).toEqual(Array(3).fill(`${method} 429`));
    });

    test.each([408, 504])('a %i leaves the outcome open at once', async (status) => {
      proxy.fault = all(method, answer(status, 'timeout'));
      expect(await fails(verb)).toMatchObject({ code: 'ERR_VFS_IO', effect: 'unknown' });
      expect(proxy.taken()).toEqual([`${method} ${String(status)}`]);
    });

    test.each([
      [400, 'ERR_VFS_IO'],
      [401, 'ERR_VFS_DENIED'],
      [403, 'ERR_VFS_DENIED'],
      [501, 'ERR_VFS_UNSUPPORTED'],
    ])('a %i changed nothing', async (status, code) => {
      proxy.fault = all(method, answer(status, 'no'));
      expect(await fails(verb)).toMatchObject({ code, effect: 'none' });
    });

    test('a 404 of the bucket is no lost race', async () => {
      proxy.fault = all(method, answer(404, 'The specified bucket does not exist.'));
      expect(await fails(verb)).toMatchObject({ code: 'ERR_VFS_NOT_FOUND', effect: 'none' });
    });

    test('who gives up between two attempts is told whether the first may have been made', async () => {
      // The pause between them takes half a minute and more, so that the answer has come long before the end of it.
      vi.spyOn(Math, 'random').mockReturnValue(100);
      for (const [status, effect] of [[429, 'none'] as const, [503, 'unknown'] as const]) {
        const control = new AbortController();
        proxy.fault = all(method, async (exchange) => {
          await answer(status, 'later')(exchange);
          setTimeout(() => control.abort(), 500);
        });
        expect(await fails(verb, control.signal)).toMatchObject({ code: 'ERR_VFS_ABORTED', effect });
        expect(proxy.taken()).toHaveLength(1);
      }
    });

    test('who gives up while an answer is awaited does not wait for it', async () => {
      const control = new AbortController();
      const client = server.client({ apiEndpoint: proxy.endpoint });
      vfs = gcsVfs({ bucket: server.bucket, client, conditionalDelete: 'native', timeout: '1h' });
      await vfs.create(`another ${fresh}`, DATA);
      proxy.fault = all(method, () => void setTimeout(() => control.abort(), 20));
      expect(await fails(verb, control.signal)).toMatchObject({ code: 'ERR_VFS_ABORTED', effect: 'unknown' });
    });
  });

  test('a store that falls silent is waited for as long as was said', async () => {
    const client = server.client({ apiEndpoint: proxy.endpoint });
    const impatient = gcsVfs({ bucket: server.bucket, client, conditionalDelete: 'native', timeout: '1s' });
    await impatient.create(`another ${fresh}`, DATA);
    proxy.fault = all('POST', () => undefined);
    const error: unknown = await impatient.create(fresh, DATA).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_VFS_TIMEOUT', effect: 'unknown' });
    expect(String(error)).toContain('did not answer for 1 s');
  });

  test('a write that is given up in its last request may have been made', async () => {
    const control = new AbortController();
    proxy.fault = all('POST', () => void setTimeout(() => control.abort(), 20));
    const write = vfs.write(fresh, DATA, { signal: control.signal });
    await expect(write).rejects.toMatchObject({ code: 'ERR_VFS_ABORTED', effect: 'unknown' });
  });

  test('what could not be sent changed nothing', async () => {
    const nowhere = gcsVfs({ bucket: server.bucket, endpoint: 'http://127.0.0.1:1', conditionalDelete: 'native' });
    await expect(nowhere.create('a', DATA)).rejects.toMatchObject({ code: 'ERR_VFS_IO', effect: 'none' });
  });

  test('a client without credentials is told so, and nothing was sent', async () => {
    const said = 'Could not load the default credentials. Browse to https://example.com for more information.';
    const request = (_options: object, done: (error: Error) => void): void => done(new Error(said));
    const client = { apiEndpoint: 'https://storage.googleapis.com', request };
    const error: unknown = await gcsVfs({ bucket: 'locks', client })
      .create('a', DATA)
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_VFS_DENIED', effect: 'none' });
    expect(String(error)).toContain(`no credentials: ${said}`);
  });

  test('a bucket whose reader pays is named as that', async () => {
    proxy.fault = () => answer(400, 'Bucket is a requester pays bucket but no user project provided.');
    const error: unknown = await vfs.stat(there).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_VFS_DENIED' });
    expect(String(error)).toContain('the bucket needs a userProject that pays');
  });

  test('an answer without a generation is none', async () => {
    proxy.fault = all('POST', ({ reply }) => {
      reply({ status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from('{}') });
    });
    const error = await fails('create');
    expect(error).toMatchObject({ code: 'ERR_VFS_IO', effect: 'unknown' });
    expect(String(error)).toContain('the answer has no generation');
  });

  test('an upload of which the store takes nothing is given up, and given back', async () => {
    server.manners!.chunkBytes = 0;
    const upload = vfs.write(fresh, [Buffer.alloc(9_000_000)] as never);
    await expect(upload).rejects.toThrow(/loses its place in the upload/);
    server.manners!.chunkBytes = Infinity;
    expect(server.uploadsLeft?.()).toBe(0);
  });

  test('no cache is asked, and nothing comes unpacked', async () => {
    proxy.seen.length = 0;
    await vfs.read(there);
    await vfs.stat(there);
    await vfs.readStream(there).toArray();
    expect(proxy.seen).toHaveLength(3);
    for (const { headers } of proxy.seen) {
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'accept-encoding': 'gzip' });
    }
  });

  test('what is gone already is lost to who removes it', async () => {
    expect(await vfs.remove(there, version)).toBe(true);
    expect(await vfs.remove(there, version)).toBe(false);
    expect(proxy.taken()).toEqual(['DELETE 204', 'DELETE 404']);
  });
});
