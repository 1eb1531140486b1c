import type { setTimeout as setTimeoutType } from 'node:timers';
import { createHash, type timingSafeEqual as timingSafeEqualType } from 'node:crypto';

import { setTimeout as sleep } from 'node:timers/promises';

import { expect, test, vi } from 'vitest';

import { authenticate } from '../../../src/serve/tokens.js';
import { useFakeClock } from '../../../src/testing/index.js';
import { bearer, OTHER, READER, TestService, TOKENS, WRITER } from '../../support/serve/service.js';

const comparisons = vi.hoisted(() => [] as Uint8Array[]);
// The pause between two readings of the store.
vi.mock('node:timers', async (original) => {
  const timers = await original<{ readonly setTimeout: typeof setTimeoutType }>();
  const setTimeout = (callback: () => void, ms: number): NodeJS.Timeout =>
    timers.setTimeout(callback, ms === 1000 ? 1 : ms);
  return { ...timers, setTimeout };
});
vi.mock('node:crypto', async (original) => {
  const crypto = await original<{ readonly timingSafeEqual: typeof timingSafeEqualType }>();
  const timingSafeEqual = (a: Uint8Array, b: Uint8Array): boolean => {
    comparisons.push(b);
    return crypto.timingSafeEqual(a, b);
  };
  return { ...crypto, timingSafeEqual };
});

test('a token is compared by its hash, in constant time, with every one that is accepted', () => {
  const names = [READER, WRITER, OTHER, 'unknown'].map((token) => {
    comparisons.length = 0;
    const headers = { authorization: `Bearer ${token}` };
    let name: string | undefined;
    try {
      ({ name } = authenticate(new Request('http://localhost', { headers }), TOKENS));
    } catch {
      name = undefined;
    }
    const hash = createHash('sha256').update(token).digest('hex');
    expect(comparisons.map((each) => Buffer.from(each).toString('hex'))).toEqual(TOKENS.map(() => hash));
    return name;
  });
  expect(names).toEqual(['reader', 'writer', 'other', undefined]);
});

test('a token holds no more locks than it may, in any dialect; a lock that ended or was released makes room', async () => {
  using clock = useFakeClock();
  const service = new TestService({ tokens: TOKENS, maxLocks: 2 });
  const acquire = (name: string, token = WRITER, body: object = {}): ReturnType<TestService['json']> =>
    service.json(`POST /v1/locks/${name}/acquire`, { client: 'c', ...body }, bearer(token));
  const first = await acquire('a');
  expect((await acquire('b', WRITER, { ttlMs: 5000 })).status).toBe(200);
  const refused = await Promise.all([acquire('c'), acquire('d')]);
  for (const each of refused) expect(each).toMatchObject({ status: 429, body: { error: { code: 'too_many_locks' } } });
  // One that it has it may take again, and others have locks of their own.
  expect((await acquire('a')).status).toBe(200);
  expect((await acquire('c', OTHER)).status).toBe(200);
  const octostore = await service.json('POST /locks/e/acquire', { ttl_seconds: 60 }, bearer(WRITER));
  expect(octostore).toMatchObject({ status: 403, body: { error: 'Lock limit exceeded' } });
  expect((await service.ask('POST /lock?client=c&job=f', undefined, bearer(WRITER))).status).toBe(429);
  await clock.advance(4000);
  expect((await acquire('d')).status).toBe(429);
  // The lease of b is over.
  await clock.advance(2000);
  expect((await acquire('d')).status).toBe(200);
  expect((await acquire('g')).status).toBe(429);
  await service.json('POST /v1/locks/a/release', { client: 'c', id: first.body.id }, bearer(WRITER));
  // An attempt that failed counts nothing.
  expect((await acquire('c')).status).toBe(409);
  expect((await acquire('g')).status).toBe(200);
});

test('a lock that a token renews through this instance counts, whoever it was taken through', async () => {
  const before = new TestService({ tokens: TOKENS });
  const { body } = await before.json('POST /v1/locks/a/acquire', { client: 'c' }, bearer(WRITER));
  const after = new TestService({ tokens: TOKENS, maxLocks: 1 }, before.vfs);
  const renewed = await after.json('POST /v1/locks/a/renew', { client: 'c', id: body.id }, bearer(WRITER));
  expect(renewed.status).toBe(200);
  expect((await after.json('POST /v1/locks/b/acquire', { client: 'c' }, bearer(WRITER))).status).toBe(429);
  expect((await after.json('POST /v1/locks/b/acquire', { client: 'c' }, bearer(OTHER))).status).toBe(200);
});

test('each token makes as many requests a second as it may, and twice as many at once; all unknown ones count as one', async () => {
  using clock = useFakeClock();
  const service = new TestService({ tokens: TOKENS, maxRate: 2 });
  const statuses = async (tokens: readonly string[]): Promise<readonly number[]> => {
    const found: number[] = [];
    for (const token of tokens) found.push((await service.ask('GET /v1/locks/x', undefined, bearer(token))).status);
    return found;
  };
  expect(await statuses([WRITER, WRITER, WRITER, WRITER, WRITER])).toEqual([200, 200, 200, 200, 429]);
  expect(await statuses([OTHER, 'u1', 'u2', 'u3', 'u4', 'u5'])).toEqual([200, 401, 401, 401, 401, 429]);
  await clock.advance(500);
  expect(await statuses([WRITER, WRITER, OTHER, 'u1', 'u2'])).toEqual([200, 429, 200, 401, 429]);
});

test('there are no more streams of events than allowed; one that ends makes room, and nobody reads the store for it any more', async () => {
  const service = new TestService();
  const list = service.vfs.list.bind(service.vfs);
  let lists = 0;
  let gate = Promise.resolve();
  let open = (): void => undefined;
  service.vfs.list = async function* (...args) {
    lists += 1;
    await gate;
    yield* list(...args);
  };
  const streams: Response[] = [];
  while (streams.length <= 100 && streams.at(-1)?.status !== 429) streams.push(await service.ask('GET /v1/events'));
  expect(streams.map(({ status }) => status)).toEqual([...Array<number>(100).fill(200), 429]);
  await streams[0]?.body?.cancel();
  streams.push(await service.ask('GET /v1/events'));
  expect(streams.at(-1)?.status).toBe(200);
  gate = new Promise((resolve) => (open = resolve));
  const seen = lists;
  await expect.poll(() => lists).toBeGreaterThan(seen);
  // The last ones end while the store is read.
  for (const { body } of streams.slice(1)) await body?.cancel();
  open();
  await sleep(30);
  const before = lists;
  await sleep(30);
  expect(lists).toBe(before);
});

test('a client that reads no events is ended, however large they are, and may come again', async () => {
  const service = new TestService();
  const { body } = await service.ask('GET /v1/events');
  const other = (await service.ask('GET /v1/events')).body!.pipeThrough(new TextDecoderStream()).getReader();
  const note = { text: 'x'.repeat(30_000) };
  let read = '';
  for (let number = 0; number < 50; number += 1) {
    const name = `l${number}`;
    expect((await service.json(`POST /v1/locks/${name}/acquire`, { client: 'c', note })).status).toBe(200);
    while (!read.includes(`"name":"${name}"`)) read = (await other.read()).value ?? '';
  }
  const bytes = (await new Response(body).arrayBuffer()).byteLength;
  expect(bytes).toBeGreaterThan(900_000);
  expect(bytes).toBeLessThan(1_100_000);
  await other.cancel();
  const again = (await service.ask('GET /v1/events')).body!.pipeThrough(new TextDecoderStream()).getReader();
  expect((await again.read()).value).toContain('retry');
  await again.cancel();
});

test('every answer forbids what a page of somebody else, or a name in a lock file, could make of it', async () => {
  const service = new TestService({ tokens: TOKENS });
  for (const path of ['/', '/assets/page.js', '/v1/locks', '/lock', '/locks', '/nothing', '/v1/history/x']) {
    const { headers } = await service.ask(`GET ${path}`, undefined, bearer(READER));
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy, path).toContain("default-src 'none'");
    expect(policy, path).toContain("frame-ancestors 'none'");
    expect(policy, path).not.toMatch(/unsafe|https?:|\*/);
    expect(headers.get('x-content-type-options'), path).toBe('nosniff');
    expect(headers.get('cache-control'), path).toBe('no-store');
    expect(headers.get('referrer-policy'), path).toBe('no-referrer');
  }
});
