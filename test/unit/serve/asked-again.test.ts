import { expect, test } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import { VfsError } from '../../../src/vfs/errors.js';
import type { CallOptions } from '../../../src/vfs/vfs.js';
import { CheckedService } from '../../support/serve/openapi.js';

/** A store in memory of which the calls of one kind take until they are let go, or until their signal aborts. */
function slowStore(verb: 'read' | 'replace'): {
  vfs: ReturnType<typeof memVfs>;
  hold(): void;
  go(): void;
  calls: number;
} {
  const vfs = memVfs();
  const usual = vfs[verb].bind(vfs) as (...args: readonly unknown[]) => Promise<unknown>;
  let gate = Promise.resolve();
  let open = (): void => undefined;
  const slow = {
    vfs,
    calls: 0,
    hold: () => {
      gate = new Promise((resolve) => (open = resolve));
    },
    go: () => {
      open();
    },
  };
  const call = async (...args: readonly unknown[]): Promise<unknown> => {
    const { signal } = (args.at(-1) ?? {}) as CallOptions;
    slow.calls += 1;
    await Promise.race([gate, aborted(signal)]);
    return usual(...args);
  };
  Object.assign(vfs, { sync: undefined, [verb]: call });
  return slow;
}

/** As a disk fails whose call is interrupted. */
function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => {
      reject(new VfsError('ERR_VFS_ABORTED', 'aborted', { cause: signal.reason }));
    });
  });
}

test('a client that asks again while its first request renews the lock: both get it', async () => {
  const store = slowStore('replace');
  const service = new CheckedService({}, store.vfs);
  const ask = (): ReturnType<CheckedService['json']> =>
    service.json('POST /v1/locks/x/acquire', { client: 'c', waitMs: 60_000 });
  const { body } = await ask();
  store.hold();
  const first = ask();
  await expect.poll(() => store.calls).toBe(1);
  const second = ask();
  await expect.poll(() => store.calls).toBe(2);
  store.go();
  for (const each of await Promise.all([first, second])) {
    expect(each).toMatchObject({ status: 200, body: { outcome: 'renewed', id: body.id } });
  }
  expect(service.errors).toEqual([]);
});

test('a client that asks again while the store is at work for its waiting request: that one is refused, and nothing failed', async () => {
  const store = slowStore('read');
  const service = new CheckedService({}, store.vfs);
  await service.json('POST /v1/locks/x/acquire', { client: 'holder' });
  const first = service.json('POST /v1/locks/x/acquire', { client: 'c', waitMs: 60_000 });
  await expect.poll(async () => (await service.json('GET /v1/locks/x')).body).toMatchObject({ lock: { waiters: 1 } });
  store.hold();
  const before = store.calls;
  await expect.poll(() => store.calls).toBeGreaterThan(before);
  const second = service.json('POST /v1/locks/x/acquire', { client: 'c', waitMs: 0 });
  const third = service.json('POST /v1/locks/x/acquire', { client: 'c', waitMs: 1 });
  expect(await first).toMatchObject({ status: 409, body: { error: { code: 'held' } } });
  store.go();
  for (const each of await Promise.all([second, third])) expect(each.status).toBe(409);
  expect(service.errors).toEqual([]);
});

test('a client that asks again while its waiting request renews what another request of it has taken: that one is refused', async () => {
  const store = slowStore('replace');
  const service = new CheckedService({}, store.vfs);
  const ask = (name: string, waitMs: number): ReturnType<CheckedService['json']> =>
    service.json(`POST /v1/locks/${name}/acquire`, { client: 'c', waitMs });
  await service.json('POST /v1/locks/x/acquire', { client: 'holder' });
  await ask('y', 0);
  const first = ask('x', 1000);
  await expect.poll(async () => (await service.json('GET /v1/locks/x')).body).toMatchObject({ lock: { waiters: 1 } });
  const own = await store.vfs.read('y.lock');
  await store.vfs.write('x.lock', own!.data);
  store.hold();
  await expect.poll(() => store.calls, { timeout: 60_000 }).toBe(1);
  const second = ask('x', 1);
  expect(await first).toMatchObject({ status: 409, body: { error: { code: 'held' } } });
  store.go();
  expect(await second).toMatchObject({ status: 200, body: { outcome: 'renewed' } });
  expect(service.errors).toEqual([]);
});

test('a client that leaves while the store is at work for it: that is no failure of the store or of the service', async () => {
  const store = slowStore('read');
  const service = new CheckedService({}, store.vfs);
  await service.json('POST /v1/locks/x/acquire', { client: 'holder' });
  store.hold();
  const left = new AbortController();
  const before = store.calls;
  const { signal } = left;
  const asked = ['GET /v1/locks/x', 'GET /v1/locks'].map((request) => service.json(request, undefined, { signal }));
  const acquiring = service.json('POST /v1/locks/x/acquire', { client: 'c', waitMs: 60_000 }, { signal });
  await expect.poll(() => store.calls).toBe(before + 3);
  left.abort();
  for (const each of [...asked, acquiring]) {
    expect(await each).toMatchObject({ status: 499, body: { error: { code: 'aborted' } } });
  }
  store.go();
  expect(service.errors).toEqual([]);
  const [, metrics] = await service.text('GET /metrics');
  expect(metrics).toContain('vfs_lockfile_serve_store_failures_total 0\n');
  expect(metrics).not.toMatch(/status="5/);
});
