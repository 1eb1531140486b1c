import { describe, expect, test } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import { Lockfile } from '../../../src/index.js';
import { startJournal } from '../../../src/journal/index.js';
import openapi from '../../../src/serve/openapi.json' with { type: 'json' };
import { encodeMark } from '../../../src/lock/model/waiter.js';
import { freshId } from '../../../src/util/fresh-id.js';
import { VfsError } from '../../../src/vfs/errors.js';
import { VfsFile } from '../../../src/vfs/file.js';
import { waiterPath } from '../../../src/vfs/names.js';
import { markOf } from '../../support/marks.js';
import { CheckedService } from '../../support/serve/openapi.js';
import { bearer, READER, TestService, TOKENS, WRITER } from '../../support/serve/service.js';

const open = (options: ConstructorParameters<typeof CheckedService>[0] = {}): CheckedService =>
  new CheckedService(options);

describe('the life of a lock over HTTP', () => {
  test('it is acquired, inspected, listed, renewed and released', async () => {
    const service = open();
    const acquired = await service.json('POST /v1/locks/data.csv/acquire', {
      client: 'c1',
      ttlMs: 60_000,
      owner: 'ann',
      host: 'laptop',
      note: { job: 'https://ci/1' },
    });
    expect(acquired).toMatchObject({ status: 200, body: { outcome: 'acquired', ttlMs: 60_000, renewAfterMs: 20_000 } });
    const { id } = acquired.body;
    const lock = { name: 'data.csv', state: 'held', id, owner: 'ann', host: 'laptop', note: { job: 'https://ci/1' } };
    expect((await service.json('GET /v1/locks/data.csv')).body).toMatchObject({ lock });
    expect((await service.json('GET /v1/locks')).body).toMatchObject({ locks: [lock] });
    expect((await service.json('GET /v1/locks?prefix=other')).body).toEqual({ locks: [] });
    const renewed = await service.json('POST /v1/locks/data.csv/renew', { client: 'c1', id, ttlMs: 90_000 });
    expect(renewed.body).toMatchObject({ outcome: 'renewed', id, ttlMs: 90_000 });
    const release = (): Promise<unknown> => service.json('POST /v1/locks/data.csv/release', { client: 'c1', id });
    expect(await release()).toEqual({ status: 200, body: { name: 'data.csv', released: true } });
    expect(await release()).toEqual({ status: 200, body: { name: 'data.csv', released: false } });
    expect((await service.json('GET /v1/locks/data.csv')).body).toMatchObject({ lock: { state: 'free' } });
  });

  test('it excludes the library, and the library excludes it', async () => {
    const service = open();
    const library = new Lockfile(new VfsFile(service.vfs, 'a/b.csv'));
    expect(await service.json('POST /v1/locks/a/b.csv/acquire', { client: 'c' })).toMatchObject({
      status: 404,
      body: { error: { code: 'folder_not_found' } },
    });
    await service.vfs.write('a/b.csv', Buffer.from('data'));
    const acquired = await service.json('POST /v1/locks/a/b.csv/acquire', { client: 'c' });
    expect(await library.tryAcquire()).toBe(false);
    await service.json('POST /v1/locks/a%2Fb.csv/release', { client: 'c', id: acquired.body.id });
    expect(await library.tryAcquire()).toBe(true);
    const refused = await service.json('POST /v1/locks/a/b.csv/acquire', { client: 'c' });
    expect(refused).toMatchObject({ status: 409, body: { error: { code: 'held' } } });
    await library.release();
  });

  test('another client is refused with the holder and when to try again', async () => {
    const service = open();
    await service.json('POST /v1/locks/x/acquire', { client: 'c1', owner: 'ann' });
    const refused = await service.ask('POST /v1/locks/x/acquire', { client: 'c2' });
    expect(refused.status).toBe(409);
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(await refused.json()).toMatchObject({ holder: { owner: 'ann' }, error: { retryAfterMs: 2000 } });
  });

  test('a client whose answer was lost asks again and gets the same lock', async () => {
    const service = open();
    const first = await service.json('POST /v1/locks/x/acquire', { client: 'c1' });
    const second = await service.json('POST /v1/locks/x/acquire', { client: 'c1', waitMs: 60_000 });
    expect(second.body).toMatchObject({ outcome: 'renewed', id: first.body.id });
  });

  test('nothing is forgotten by a restart, and another instance goes on', async () => {
    const before = open();
    const { body } = await before.json('POST /v1/locks/x/acquire', { client: 'c1' });
    const after = new CheckedService({}, before.vfs);
    expect((await after.json('POST /v1/locks/x/acquire', { client: 'c2' })).status).toBe(409);
    expect((await after.json('POST /v1/locks/x/renew', { client: 'c1', id: body.id })).status).toBe(200);
    expect((await before.json('POST /v1/locks/x/release', { client: 'c1', id: body.id })).body.released).toBe(true);
  });

  test('a request waits until the lock is free', async () => {
    const service = open();
    const { body } = await service.json('POST /v1/locks/x/acquire', { client: 'c1' });
    const waiting = service.json('POST /v1/locks/x/acquire', { client: 'c2', waitMs: 60_000 });
    await expect.poll(async () => (await service.json('GET /v1/locks/x')).body).toMatchObject({ lock: { waiters: 1 } });
    await service.json('POST /v1/locks/x/release', { client: 'c1', id: body.id });
    expect((await waiting).body).toMatchObject({ outcome: 'acquired' });
  });

  test('those who wait elsewhere and announced it are counted, and shown in the lock and in the list, without their user', async () => {
    const service = open();
    await service.json('POST /v1/locks/x/acquire', { client: 'c1' });
    await service.vfs.write(waiterPath('x.lock', freshId()), encodeMark(markOf({ lock: 'x.lock' }))!);
    const announced = [{ owner: 'the other', host: 'elsewhere', pid: 1234, waitedMs: expect.any(Number) as unknown }];
    const { lock } = (await service.json('GET /v1/locks/x')).body as { lock: { announced: object[] } };
    expect(lock).toMatchObject({ waiters: 1, announced });
    // The user and the command are nobody's business over the network.
    expect(Object.keys(lock.announced[0] ?? {})).toEqual(['owner', 'host', 'pid', 'waitedMs']);
    expect((await service.json('GET /v1/locks')).body).toMatchObject({ locks: [{ waiters: 1, announced }] });
  });

  test('a store that falls silent while a client waits: the lock is held as before, and the client may ask again', async () => {
    const vfs = memVfs();
    const [read, create] = [vfs.read.bind(vfs), vfs.create.bind(vfs)];
    const service = new CheckedService({}, vfs);
    await service.json('POST /v1/locks/x/acquire', { client: 'c1', owner: 'ann' });
    let reads = 0;
    const silence = new Promise<never>(() => undefined);
    vfs.read = (...args) => ((reads += 1) === 1 ? read(...args) : silence);
    vfs.create = (...args) => (reads === 0 ? create(...args) : silence);
    const refused = await service.json('POST /v1/locks/x/acquire', { client: 'c2', waitMs: 100 });
    expect(refused).toMatchObject({ status: 409, body: { error: { code: 'held' }, holder: { owner: 'ann' } } });
  });

  test.each([
    ['fails', 'ERR_VFS_IO', 'none'],
    ['falls silent while it may have made the lock', 'ERR_VFS_TIMEOUT', 'unknown'],
  ] as const)('a store that %s while a client waits: nobody knows who holds the lock', async (_, code, effect) => {
    const vfs = memVfs();
    const service = new CheckedService({}, vfs);
    await service.json('POST /v1/locks/x/acquire', { client: 'c1', owner: 'ann' });
    const waiting = service.json('POST /v1/locks/x/acquire', { client: 'c2', waitMs: 60_000 });
    await expect.poll(async () => (await service.json('GET /v1/locks/x')).body).toMatchObject({ lock: { waiters: 1 } });
    vfs.create = () => Promise.reject(new VfsError(code, 'no answer', { effect }));
    Object.assign(vfs, { sync: undefined });
    const held = await vfs.read('x.lock');
    await vfs.remove('x.lock', held!.version);
    expect(await waiting).toMatchObject({ status: 503, body: { error: { code: 'store_failed' } } });
  });

  test('a client that goes away while it waits gets no lock', async () => {
    const service = open();
    const { body } = await service.json('POST /v1/locks/x/acquire', { client: 'c1' });
    const gone = new AbortController();
    const waiting = service.ask('POST /v1/locks/x/acquire', { client: 'c2', waitMs: 60_000 }, { signal: gone.signal });
    await expect.poll(async () => (await service.json('GET /v1/locks/x')).body).toMatchObject({ lock: { waiters: 1 } });
    gone.abort();
    await waiting;
    await service.json('POST /v1/locks/x/release', { client: 'c1', id: body.id });
    expect((await service.json('GET /v1/locks')).body).toEqual({ locks: [] });
  });

  test('the same client asks again while its first request waits: the first one ends, the second one gets the lock', async () => {
    const service = open();
    const { body } = await service.json('POST /v1/locks/x/acquire', { client: 'c1' });
    const first = service.json('POST /v1/locks/x/acquire', { client: 'c2', waitMs: 60_000 });
    await expect.poll(async () => (await service.json('GET /v1/locks/x')).body).toMatchObject({ lock: { waiters: 1 } });
    const second = service.json('POST /v1/locks/x/acquire', { client: 'c2', waitMs: 60_000 });
    expect((await first).status).toBe(409);
    const third = service.json('POST /v1/locks/x/acquire', { client: 'c2', waitMs: 60_000 });
    expect((await second).status).toBe(409);
    await service.json('POST /v1/locks/x/release', { client: 'c1', id: body.id });
    expect((await third).status).toBe(200);
  });

  test('only the client with the id renews and releases it', async () => {
    const service = open();
    const { body } = await service.json('POST /v1/locks/x/acquire', { client: 'c1' });
    for (const wrong of [
      { client: 'c2', id: body.id },
      { client: 'c1', id: 'f'.repeat(32) },
    ]) {
      expect(await service.json('POST /v1/locks/x/renew', wrong)).toMatchObject({
        status: 409,
        body: { error: { code: 'not_held' } },
      });
      expect((await service.json('POST /v1/locks/x/release', wrong)).body.released).toBe(false);
    }
    expect((await service.json('GET /v1/locks/x')).body).toMatchObject({ lock: { state: 'held' } });
  });

  test('the id of the client is not in the lock file', async () => {
    const service = open();
    await service.json('POST /v1/locks/x/acquire', { client: 'a-secret-of-the-client' });
    const file = await service.vfs.read('x.lock');
    expect(Buffer.from(file!.data).toString()).not.toContain('a-secret-of-the-client');
  });
});

describe('what is refused', () => {
  const NAMES = ['..', 'a/../b', '.', 'a//b', 'a.lock', 'a.LOCK', 'a/b.lock.guard', '.vfs-lockfile-x', 'a\\b', 'a%00b'];
  test.each([...NAMES, 'a%0Ab', '%E2%80%AEb', 'x'.repeat(600), '%ff'])('a lock named %s', async (name) => {
    const service = open();
    const encoded = name.startsWith('%') || name.includes('%0') ? name : encodeURIComponent(name);
    // The URL class resolves dots, also where they are escaped.
    if (/^(\.|%2E)+$/i.test(encoded)) return;
    const refused = await service.json(`POST /v1/locks/${encoded}/acquire`, { client: 'c' });
    expect(refused).toMatchObject({ status: 400, body: { error: { code: 'invalid_name' } } });
    expect(await service.json(`GET /v1/locks/${encoded}`)).toMatchObject({ status: 400 });
    for await (const { path } of service.vfs.list('', { recursive: true })) expect.unreachable(path);
  });

  test.each([
    [{}, 'client is missing'],
    [{ client: '' }, 'client must be a text'],
    [{ client: 'c', ttlMs: 99 }, 'ttlMs must be'],
    [{ client: 'c', ttlMs: '1000' }, 'ttlMs must be'],
    [{ client: 'c', ttl: 1000 }, 'unknown member "ttl"'],
    [{ client: 'c', note: { http: {} } }, 'no member http'],
    [{ client: 'c', note: [] }, 'note must be an object'],
  ])('the body %j', async (body, message) => {
    const refused = await open().json('POST /v1/locks/x/acquire', body);
    expect(refused).toMatchObject({ status: 400, body: { error: { code: 'bad_request' } } });
    expect((refused.body.error as { message: string }).message).toContain(message);
  });

  test('a body that is no JSON object, is too long, or has another type', async () => {
    const service = open({ maxBodyBytes: 1024 });
    const send = (body: string, type = 'application/json'): Promise<unknown> =>
      service.json('POST /v1/locks/x/acquire', body, { headers: { 'content-type': type } });
    expect(await send('[]')).toMatchObject({ status: 400 });
    expect(await send('{')).toMatchObject({ status: 400 });
    expect(await send(JSON.stringify({ client: 'x'.repeat(2000) }))).toMatchObject({ status: 413 });
    expect(await send('{}', 'text/plain')).toMatchObject({ status: 415 });
  });

  test('other methods and paths', async () => {
    const service = open();
    for (const path of ['/v1/locks', '/v1/sweep', '/v1/events', '/healthz', '/metrics', '/openapi.json']) {
      const response = await new TestService().ask(`DELETE ${path}`);
      expect(response.status, path).toBe(405);
      expect(response.headers.get('allow'), path).toContain('GET');
    }
    expect((await service.json('POST /v1/locks/x/renew', {})).status).toBe(400);
    expect((await service.json('POST /v1/locks/x/release', {})).status).toBe(400);
    expect((await new TestService().json('POST /v1/locks/x/steal', {})).status).toBe(404);
    expect((await new TestService().json('GET /nothing')).status).toBe(404);
  });

  test('more waiting requests, and more requests a second, than are allowed', async () => {
    const service = open({ maxWaits: 0 });
    await service.json('POST /v1/locks/x/acquire', { client: 'c1' });
    const refused = await service.json('POST /v1/locks/x/acquire', { client: 'c2', waitMs: 1000 });
    expect(refused).toMatchObject({ status: 429, body: { error: { code: 'too_many_waits' } } });
    // A wait that is over makes room, and none is longer than it may be.
    const one = open({ maxWaits: 1, maxWait: 1 });
    await one.json('POST /v1/locks/x/acquire', { client: 'c1' });
    for (const client of ['c2', 'c3']) {
      expect((await one.json('POST /v1/locks/x/acquire', { client, waitMs: 60_000 })).status).toBe(409);
    }
    const slow = open({ maxRate: 0.1 });
    expect((await slow.json('GET /healthz')).status).toBe(200);
    expect(await slow.json('GET /healthz')).toMatchObject({ status: 429, body: { error: { code: 'rate_limited' } } });
  });

  test('a lock file of another program', async () => {
    const service = open();
    await service.vfs.write('yarn.lock', Buffer.from('# yarn lockfile v1'));
    const refused = await service.json('POST /v1/locks/yarn/acquire', { client: 'c' });
    expect(refused).toMatchObject({ status: 409, body: { error: { code: 'foreign' } } });
    expect((await service.json('GET /v1/locks')).body).toMatchObject({
      locks: [{ state: 'foreign', foreign: 'file' }],
    });
  });
});

describe('tokens', () => {
  test('without one nothing is shown; with one that may read nothing is changed', async () => {
    const service = open({ tokens: TOKENS });
    for (const request of ['GET /v1/locks', 'GET /v1/locks/x', 'GET /v1/events', 'GET /v1/sweep', 'GET /metrics']) {
      expect((await service.ask(request)).status, request).toBe(401);
      expect((await service.ask(request, undefined, bearer('wrong'))).status, request).toBe(401);
    }
    expect((await service.json('GET /v1/locks', undefined, bearer(READER))).status).toBe(200);
    expect((await service.json('POST /v1/locks/x/acquire', { client: 'c' }, bearer(READER))).status).toBe(403);
    expect((await service.json('POST /v1/sweep', {}, bearer(READER))).status).toBe(403);
    expect((await service.json('GET /healthz')).status).toBe(200);
  });

  test('a browser sends it as the password of any user', async () => {
    const service = open({ tokens: TOKENS });
    const basic = `Basic ${Buffer.from(`anybody:${READER}`).toString('base64')}`;
    expect((await service.json('GET /v1/locks', undefined, { headers: { authorization: basic } })).status).toBe(200);
    expect((await service.ask('GET /v1/locks')).headers.get('www-authenticate')).toContain('Basic');
  });

  test('a lock of one token is not that of another with the same client id', async () => {
    const service = open({ tokens: TOKENS });
    const { body } = await service.json('POST /v1/locks/x/acquire', { client: 'c' }, bearer(WRITER));
    const other = bearer('token-of-another-writer');
    expect((await service.json('POST /v1/locks/x/acquire', { client: 'c' }, other)).status).toBe(409);
    const release = { client: 'c', id: body.id };
    expect((await service.json('POST /v1/locks/x/release', release, other)).body.released).toBe(false);
  });

  test('the lock of somebody else is ended by its id and with a reason, by whoever has a write token', async () => {
    const service = open({ tokens: TOKENS });
    const { body } = await service.json('POST /v1/locks/x/acquire', { client: 'c' }, bearer(WRITER));
    const end = (what: object, token: string): Promise<unknown> =>
      service.json('POST /v1/locks/x/force-release', what, bearer(token));
    expect(await end({ id: body.id }, WRITER)).toMatchObject({ status: 400 });
    expect(await end({ id: 'another', reason: 'ticket 1' }, WRITER)).toMatchObject({ status: 409 });
    expect(await end({ id: body.id, reason: 'ticket 1' }, READER)).toMatchObject({ status: 403 });
    expect(await end({ id: body.id, reason: 'ticket 1' }, WRITER)).toMatchObject({
      status: 200,
      body: { ended: true },
    });
    const renewal = await service.json('POST /v1/locks/x/renew', { client: 'c', id: body.id }, bearer(WRITER));
    expect(renewal.body).toMatchObject({ error: { code: 'not_held' } });
  });

  test('where there are none, no lock of others is ended', async () => {
    const service = open();
    const { body } = await service.json('POST /v1/locks/x/acquire', { client: 'c' });
    const end = { id: body.id, reason: 'why' };
    expect((await service.json('POST /v1/locks/x/force-release', end)).status).toBe(403);
    expect((await service.json('POST /v1/sweep', {})).status).toBe(403);
  });
});

describe('requests that a web page makes', () => {
  test('changes from another origin are refused', async () => {
    const service = open();
    const from = (origin: string): RequestInit => ({ headers: { origin, host: 'localhost' } });
    const acquire = (init: RequestInit): Promise<unknown> =>
      service.json('POST /v1/locks/x/acquire', { client: 'c' }, init);
    expect(await acquire(from('https://evil.example'))).toMatchObject({ status: 403 });
    expect(await acquire(from('null'))).toMatchObject({ status: 403 });
    expect(await acquire({ headers: { 'sec-fetch-site': 'cross-site' } })).toMatchObject({ status: 403 });
    expect(await acquire(from('http://localhost'))).toMatchObject({ status: 200 });
  });

  test('without tokens, only loopback names are answered', async () => {
    const service = open({ hosts: ['locks.internal'] });
    const status = async (host: string): Promise<number> =>
      (await service.ask('GET /healthz', undefined, { headers: { host } })).status;
    expect(await status('evil.example')).toBe(403);
    expect(await status('localhost.evil.example')).toBe(403);
    expect(await status('127.0.0.1:8080')).toBe(200);
    expect(await status('[::1]:8080')).toBe(200);
    expect(await status('locks.internal:80')).toBe(200);
  });
});

describe('operations', () => {
  test('a sweep is previewed and run', async () => {
    const service = open({ tokens: TOKENS });
    const torn = '{"createdAt": "2026-01-01T00:00:00Z", "ttl": 1000000, "hostname": "h", "pid": 1}';
    await service.vfs.write('old.csv.lock', Buffer.from(torn));
    await expect
      .poll(async () => (await service.json('GET /v1/sweep', undefined, bearer(READER))).body)
      .toMatchObject({
        dryRun: true,
        found: [{ name: 'old.csv', action: 'would-remove', reason: 'expired' }],
        totals: { removed: 1 },
      });
    expect((await service.json('POST /v1/sweep', {}, bearer(WRITER))).body).toMatchObject({
      dryRun: false,
      totals: { removed: 1 },
    });
    expect((await service.json('GET /v1/locks', undefined, bearer(READER))).body).toEqual({ locks: [] });
  });

  test('events begin with all locks, and tell of each change', async () => {
    const service = open();
    const ended = new AbortController();
    const response = await service.ask('GET /v1/events', undefined, { signal: ended.signal });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const until = async (end: string): Promise<void> => {
      while (!text.includes(end)) {
        const { done, value = '' } = await reader.read();
        if (done) throw new Error(`the stream ended after ${text}`);
        text += value;
      }
    };
    await until('event: snapshot\ndata: {"locks":[]}');
    const { body } = await service.json('POST /v1/locks/x/acquire', { client: 'c', owner: 'ann' });
    await until('event: lock\ndata: {"lock":{"name":"x","state":"held"');
    await service.json('POST /v1/locks/x/release', { client: 'c', id: body.id });
    await until('event: gone\ndata: {"name":"x"}');
    ended.abort();
    expect((await reader.read()).done).toBe(true);
  });

  test('the history of a lock is that of the journal, its last entries only, and none where there is no journal', async () => {
    const vfs = memVfs();
    const service = new CheckedService({}, vfs);
    const none = await service.json('GET /v1/history/data.csv');
    expect(none).toEqual({ status: 200, body: { name: 'data.csv', history: [] } });
    const journal = await startJournal({ vfs, path: '' });
    for (const name of ['data.csv', 'other.csv', 'data.csv']) {
      const lock = new Lockfile(new VfsFile(vfs, name), { ownerId: 'worker' });
      await lock.acquire();
      await lock.release();
    }
    await journal.close();
    const history = async (query: string): Promise<readonly unknown[]> =>
      (await service.json(`GET /v1/history/data.csv${query}`)).body.history as readonly unknown[];
    const all = (await history('')) as readonly { readonly event: string }[];
    expect(all.filter(({ event }) => event === 'acquire' || event === 'release')).toMatchObject([
      ...[{ event: 'acquire', owner: 'worker' }, { event: 'release' }, { event: 'acquire' }, { event: 'release' }],
    ]);
    expect(await history('?limit=1')).toEqual(all.slice(-1));
    for (const limit of ['0', '1001', 'x']) {
      expect((await service.json(`GET /v1/history/data.csv?limit=${limit}`)).status).toBe(400);
    }
    expect((await service.json('GET /v1/history/..%2Fx')).status).toBe(400);
  });

  test('an acquisition with fencing gets a token higher than those before it', async () => {
    const service = open();
    const tokens: unknown[] = [];
    for (const client of ['a', 'b', 'c']) {
      const { body } = await service.json('POST /v1/locks/fenced/acquire', { client, fencing: true });
      tokens.push(body.fencingToken);
      await service.json('POST /v1/locks/fenced/release', { client, id: body.id });
    }
    expect(tokens).toEqual(['1', '2', '3']);
    const plain = await service.json('POST /v1/locks/plain/acquire', { client: 'a' });
    expect(plain.body).toMatchObject({ fencingToken: null });
  });

  test('metrics count requests, claims and locks', async () => {
    const service = open();
    await service.json('POST /v1/locks/x/acquire', { client: 'c1' });
    await service.json('POST /v1/locks/x/acquire', { client: 'c2' });
    const [status, text] = await service.text('GET /metrics');
    expect(status).toBe(200);
    expect(text).toContain('vfs_lockfile_serve_claims_total{dialect="v1",outcome="held"} 1\n');
    expect(text).toContain('vfs_lockfile_serve_locks{state="held"} 1\n');
  });

  test('a store that fails is 503 without its paths, and whoever runs the service learns why', async () => {
    const vfs = memVfs();
    vfs.read = () => Promise.reject(new VfsError('ERR_VFS_IO', 'no disk at /secret/path'));
    const service = new CheckedService({}, vfs);
    const [status, text] = await service.text('GET /healthz');
    expect(status).toBe(503);
    expect(text).toContain('store_failed');
    expect(text).not.toContain('secret');
    expect(String(service.errors[0])).toContain('/secret/path');
  });

  test('the description is served', async () => {
    expect((await open().json('GET /openapi.json')).body).toEqual(openapi);
  });
});
