import { describe, expect, test } from 'vitest';

import { goDurationMs } from '../../../src/serve/dialects/go-duration.js';
import { Lockfile } from '../../../src/index.js';
import { VfsFile } from '../../../src/vfs/file.js';
import { bearer, OTHER, READER, TestService, TOKENS, WRITER } from '../../support/serve/service.js';

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const instant: unknown = expect.stringMatching(INSTANT);

test.each([
  ['10s', 10_000],
  ['1.5h', 5_400_000],
  ['1h30m', 5_400_000],
  ['-5s', -5000],
  ['+5s', 5000],
  ['0', 0],
  ['.5s', 500],
  ['100us', 0.1],
  ['10', undefined],
  ['', undefined],
  ['s', undefined],
  ['1d', undefined],
  ['invalid', undefined],
])('the Go duration %j is %j ms', (text, ms) => {
  expect(goDurationMs(text)).toBe(ms);
});

describe('foolock', () => {
  test('acquire, renew, refuse, release: the members of each answer, in their order', async () => {
    const service = new TestService();
    const members = async (request: string): Promise<readonly [number, string, object]> => {
      const { status, body } = await service.json(request);
      return [status, Object.keys(body).join(), body];
    };
    const [free, freeMembers, freeBody] = await members('GET /lock');
    expect([free, freeMembers]).toEqual([200, 'success,job,holder,message,is_expired']);
    expect(freeBody).toEqual({ success: true, job: 'default', holder: '', message: 'no lock held', is_expired: true });
    expect(await members('POST /lock?client=a&ttl=10s')).toEqual([
      200,
      'success,job,holder,message,expires_at',
      { success: true, job: 'default', holder: 'a', message: 'acquired', expires_at: instant },
    ]);
    expect((await members('POST /lock?client=a'))[2]).toMatchObject({ message: 'renewed', holder: 'a' });
    expect(await members('POST /lock?client=b')).toEqual([
      409,
      'success,job,holder,message,expires_at',
      { success: false, job: 'default', holder: 'a', message: 'held by another client', expires_at: instant },
    ]);
    expect((await members('GET /lock'))[2]).toEqual({
      success: true,
      job: 'default',
      holder: 'a',
      message: 'lock held',
      expires_at: instant,
    });
    expect((await members('DELETE /lock?client=b'))[2]).toEqual({ error: 'client does not hold the lock' });
    expect(await members('DELETE /lock?client=a')).toEqual([
      200,
      'success,job,holder,message',
      { success: true, job: 'default', holder: '', message: 'lock released' },
    ]);
    expect((await members('DELETE /lock?client=a'))[0]).toBe(403);
  });

  test('after the lease only the holder gets the lock, then everybody', async () => {
    let offsetMs = 0;
    const { memVfs } = await import('../../../src/backends/mem/index.js');
    const service = new TestService({}, memVfs({ now: () => Date.now() + offsetMs }));
    await service.json('POST /lock?client=a&ttl=2s');
    offsetMs = 3000;
    expect((await service.json('GET /lock')).body).toMatchObject({
      holder: 'a',
      is_expired: true,
      grace_until: instant,
    });
    expect(await service.json('POST /lock?client=b')).toEqual({ status: 409, body: { error: 'grace period active' } });
    expect((await service.json('POST /lock?client=a&ttl=2s')).body).toMatchObject({ message: 'renewed' });
    offsetMs = 3000 + 8000;
    const over = (await service.json('GET /lock')).body;
    expect(over).toMatchObject({ holder: 'a', is_expired: true });
    expect(over).not.toHaveProperty('grace_until');
    expect((await service.json('POST /lock?client=b&ttl=5s')).body).toMatchObject({ message: 'acquired from a' });
    expect((await service.json('DELETE /lock?client=b')).status).toBe(200);
    expect((await service.json('POST /lock?client=c')).body).toMatchObject({ message: 'acquired' });
  });

  test.each([
    ['POST /lock', 400, 'client parameter required'],
    ['DELETE /lock', 400, 'client parameter required'],
    ['POST /lock?client=&ttl=x', 400, 'client parameter required'],
    ['POST /lock?client=a;b', 400, 'client parameter required'],
    ['POST /lock?client=a&ttl=invalid', 400, 'invalid ttl format'],
    ['POST /lock?client=a&ttl=10', 400, 'invalid ttl format'],
    ['POST /lock?client=a&ttl=0', 400, 'invalid ttl format'],
    ['POST /lock?client=a&ttl=-5s', 400, 'invalid ttl format'],
    ['POST /lock?client=a&job=..%2Fx', 400, 'invalid job name'],
    ['POST /lock?client=a&job=x.lock', 400, 'invalid job name'],
  ])('%s is %i %s', async (request, status, error) => {
    expect(await new TestService().json(request)).toEqual({ status, body: { error } });
  });

  test('other methods and paths', async () => {
    const service = new TestService();
    for (const method of ['PUT', 'PATCH']) {
      expect(await service.text(`${method} /lock`)).toEqual([405, 'Method not allowed\n']);
    }
    expect((await service.ask('HEAD /lock')).status).toBe(405);
    expect((await service.ask('GET /lock/')).status).toBe(404);
  });

  test('a job is the lock of the file of this name, and a worker of the same name is not its holder', async () => {
    const service = new TestService();
    const worker = new Lockfile(new VfsFile(service.vfs, 'job1'), { ownerId: 'a' });
    expect(await worker.tryAcquire()).toBe(true);
    expect((await service.json('POST /lock?client=a&job=job1')).body).toMatchObject({ holder: 'a', success: false });
    expect((await service.json('DELETE /lock?client=a&job=job1')).status).toBe(403);
    await worker.release();
    expect((await service.json('POST /lock?client=a&job=job1')).status).toBe(200);
    expect(await worker.tryAcquire()).toBe(false);
  });
});

describe('OctoStore', () => {
  const service = (): TestService => new TestService({ tokens: TOKENS });

  test('fencing tokens grow with each acquisition, and not with renewals; a free lock shows the last one', async () => {
    const octo = service();
    const acquire = async (token: string): Promise<Readonly<Record<string, unknown>>> =>
      (await octo.json('POST /locks/fenced/acquire', {}, bearer(token))).body;
    const first = await acquire(WRITER);
    expect(await acquire(WRITER)).toMatchObject({ fencing_token: first.fencing_token });
    await octo.json('POST /locks/fenced/release', { lease_id: first.lease_id }, bearer(WRITER));
    const free = await octo.json('GET /locks/fenced', undefined, bearer(READER));
    expect(free.body).toMatchObject({ status: 'free', fencing_token: first.fencing_token });
    const second = await acquire(OTHER);
    expect(second.fencing_token).toBeGreaterThan(first.fencing_token as number);
  });

  test('acquire, status, list, renew and release have exactly the members that its SDK accepts', async () => {
    const octo = service();
    const acquired = await octo.json('POST /locks/job/acquire', { ttl_seconds: 60 }, bearer(WRITER));
    const allowed = ['status', 'lease_id', 'fencing_token', 'expires_at', 'holder_id'];
    expect(Object.keys(acquired.body).filter((name) => !allowed.includes(name))).toEqual([]);
    expect(acquired).toMatchObject({ status: 200, body: { status: 'acquired' } });
    const lease = acquired.body.lease_id;
    const again = await octo.json('POST /locks/job/acquire', {}, bearer(WRITER));
    expect(again.body).toMatchObject({ status: 'acquired', lease_id: lease });
    const held = await octo.json('POST /locks/job/acquire', {}, bearer(OTHER));
    expect(held).toMatchObject({ status: 409, body: { holder_id: acquired.body.holder_id } });
    expect(held.body).toHaveProperty('expires_at');
    expect((await octo.json('GET /locks/job', undefined, bearer(READER))).body).toMatchObject({
      name: 'job',
      status: 'held',
      fencing_token: expect.any(Number) as number,
    });
    const listed = (await octo.json('GET /locks', undefined, bearer(WRITER))).body.locks as object[];
    expect(listed.map((each) => Object.keys(each).join())).toEqual(['name,lease_id,fencing_token,expires_at']);
    expect((await octo.json('GET /locks', undefined, bearer(OTHER))).body).toEqual({ locks: [] });
    const renewed = await octo.json('POST /locks/job/renew', { lease_id: lease, ttl_seconds: 90 }, bearer(WRITER));
    expect(Object.keys(renewed.body)).toEqual(['lease_id', 'expires_at']);
    const wrong = { lease_id: 'another' };
    expect(await octo.json('POST /locks/job/release', wrong, bearer(WRITER))).toMatchObject({
      status: 400,
      body: { error: 'Invalid lease ID' },
    });
    expect((await octo.json('POST /locks/job/release', { lease_id: lease }, bearer(OTHER))).status).toBe(400);
    expect(await octo.json('POST /locks/job/release', { lease_id: lease }, bearer(WRITER))).toEqual({
      status: 200,
      body: null,
    });
    expect(await octo.json('POST /locks/job/release', { lease_id: lease }, bearer(WRITER))).toMatchObject({
      status: 404,
      body: { error: 'Lock not found' },
    });
    expect((await octo.json('GET /locks/job', undefined, bearer(READER))).body).toEqual({
      name: 'job',
      status: 'free',
      fencing_token: 1,
    });
  });

  test('errors have an error and details', async () => {
    const octo = service();
    expect(await octo.json('GET /locks')).toMatchObject({ status: 401, body: { error: 'Authentication failed' } });
    const invalid = { status: 400, body: { error: 'Invalid TTL' } };
    for (const seconds of [0, 3601, 1.5, '60']) {
      const body = { ttl_seconds: seconds };
      expect(await octo.json('POST /locks/job/acquire', body, bearer(WRITER))).toMatchObject(invalid);
    }
    for (const name of ['a_b', 'x'.repeat(129), 'a.lock']) {
      const refused = await octo.json(`POST /locks/${name}/acquire`, {}, bearer(WRITER));
      expect(refused, name).toMatchObject({ status: 400, body: { error: 'Invalid lock name' } });
    }
    expect((await octo.json('POST /locks/acquire', {}, bearer(WRITER))).status).toBe(404);
    expect((await octo.json('POST /locks/a/b/c', {}, bearer(WRITER))).status).toBe(404);
    expect((await octo.json('POST /locks/a/steal', {}, bearer(WRITER))).status).toBe(404);
  });

  test('health needs no token, and a token is rotated where that is possible', async () => {
    const octo = service();
    expect(await octo.text('GET /health')).toEqual([200, 'OK']);
    expect((await octo.json('POST /auth/token/rotate', undefined, bearer(WRITER))).status).toBe(403);
    const hashes = new Map<string, string>();
    const rotate = (name: string, hash: string): Promise<void> => Promise.resolve(void hashes.set(name, hash));
    const rotating = new TestService({ tokens: { read: () => Promise.resolve(TOKENS), rotate } });
    const { body } = await rotating.json('POST /auth/token/rotate', undefined, bearer(WRITER));
    expect(Object.keys(body)).toEqual(['token', 'user_id', 'github_username']);
    expect([...hashes.keys()]).toEqual(['writer']);
    expect(hashes.get('writer')).not.toContain(body.token);
  });
});

describe('justalock', () => {
  const ID = 'AAAAAAAAAAAAAAAAAAAAKg';
  const post = async (service: TestService, id: string, body: string, query = '?s=60'): Promise<number> =>
    (await service.ask(`POST /${id}${query}`, body)).status;

  test('one request acquires and refreshes; another client gets 409 after a while', async () => {
    const service = new TestService();
    expect(await post(service, ID, 'client-1')).toBe(200);
    expect(await post(service, ID, 'client-1', '?s=90')).toBe(200);
    // Clients that ask again without any pause would else do nothing but that.
    const askedMs = performance.now();
    expect(await post(service, ID, 'client-2')).toBe(409);
    expect(performance.now() - askedMs).toBeGreaterThanOrEqual(1000);
    expect(await post(service, `justalock/short`, 'client-2')).toBe(200);
    expect((await service.json('GET /v1/locks')).body).toMatchObject({
      locks: [{ leaseMs: 90_000 }, { name: 'short' }],
    });
  });

  test('a client that waits gets the lock as soon as it is free', async () => {
    const service = new TestService();
    const worker = new Lockfile(new VfsFile(service.vfs, ID));
    await worker.acquire();
    const waiting = post(service, ID, 'client-1');
    await expect
      .poll(async () => (await service.json(`GET /v1/locks/${ID}`)).body)
      .toMatchObject({ lock: { waiters: 1 } });
    await worker.release();
    expect(await waiting).toBe(200);
  });

  test('client ids are compared as bytes, and may be empty', async () => {
    const service = new TestService();
    expect(await post(service, ID, '')).toBe(200);
    expect(await post(service, ID, '')).toBe(200);
    expect(await post(service, ID, '\0')).toBe(409);
    const long = 'BBBBBBBBBBBBBBBBBBBBBg';
    expect(await post(service, long, 'x'.repeat(200))).toBe(200);
    expect(await post(service, long, 'x'.repeat(201))).toBe(409);
  });

  test.each([
    ['POST /AAAAAAAAAAAAAAAAAAAAKg?s=0', 400],
    ['POST /AAAAAAAAAAAAAAAAAAAAKg?s=65536', 400],
    ['POST /AAAAAAAAAAAAAAAAAAAAKg?s=x', 400],
    ['POST /justalock/a.b?s=60', 400],
    ['POST /justalock/?s=60', 400],
    ['GET /AAAAAAAAAAAAAAAAAAAAKg?s=60', 405],
    ['POST /AAAAAAAAAAAAAAAAAAAA?s=60', 404],
  ])('%s is %i', async (request, status) => {
    expect((await new TestService().ask(request)).status).toBe(status);
  });
});
