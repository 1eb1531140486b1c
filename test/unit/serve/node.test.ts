import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, expect, test } from 'vitest';

import type { LockService } from '../../../src/serve/index.js';
import { listening, type Listening } from '../../support/serve/listening.js';
import { TestService } from '../../support/serve/service.js';

let web: Listening;
afterEach(() => web.stop());

/** Listens with a service, and counts the requests whose signal is aborted. */
async function countingAborts(service: LockService): Promise<{ count: number }> {
  const aborts = { count: 0 };
  web = await listening((asked) => {
    asked.signal.addEventListener('abort', () => (aborts.count += 1));
    return service(asked);
  });
  return aborts;
}

test('a request that was answered wholly is not aborted, whatever its method and its answer', async () => {
  const aborts = await countingAborts(new TestService().service);
  const ask = async (method: string, path: string, body?: string): Promise<number> => {
    const headers = { 'content-type': 'application/json', connection: 'close' };
    const answer = await fetch(web.url + path, { method, headers, ...(body !== undefined && { body }) });
    await answer.arrayBuffer();
    return answer.status;
  };
  expect(await ask('POST', '/v1/locks/x/acquire', '{"client":"c"}')).toBe(200);
  expect(await ask('POST', '/v1/locks/x/acquire', '{"client":"d"}')).toBe(409);
  expect(await ask('POST', '/v1/locks/x/acquire', '[]')).toBe(400);
  expect(await ask('GET', '/')).toBe(200);
  expect(await ask('HEAD', '/')).toBe(405);
  expect(await ask('GET', '/nothing')).toBe(404);
  // By then every connection is closed.
  await web.stop();
  expect(aborts.count).toBe(0);
  await web.restart();
});

test('the request of a client that leaves is aborted once, while it waits and while it reads events', async () => {
  const service = new TestService();
  const aborts = await countingAborts(service.service);
  await service.ask('POST /v1/locks/x/acquire', { client: 'c1' });
  const headers = { 'content-type': 'application/json' };
  const waiting = request(`${web.url}/v1/locks/x/acquire`, { method: 'POST', headers }).on('error', () => undefined);
  waiting.end('{"client":"c2","waitMs":60000}');
  await expect.poll(async () => (await service.json('GET /v1/locks/x')).body).toMatchObject({ lock: { waiters: 1 } });
  expect(aborts.count).toBe(0);
  waiting.destroy();
  await expect.poll(() => aborts.count).toBe(1);
  await expect.poll(async () => (await service.json('GET /v1/locks/x')).body).toMatchObject({ lock: { waiters: 0 } });
  const reading = request(`${web.url}/v1/events`).on('error', () => undefined);
  reading.end();
  await once(reading, 'response');
  reading.destroy();
  await expect.poll(() => aborts.count).toBe(2);
});

test('a client that does not read makes nothing pile up, and its answer ends when it leaves', async () => {
  const CHUNKS = 2000;
  let pulled = 0;
  let isCancelled = false;
  web = await listening(() => {
    const body = new ReadableStream({
      pull: (controller) => {
        pulled += 1;
        controller.enqueue(new Uint8Array(65_536));
        if (pulled === CHUNKS) controller.close();
      },
      cancel: () => {
        isCancelled = true;
      },
    });
    return Promise.resolve(new Response(body));
  });
  const reading = request(`${web.url}/`).on('error', () => undefined);
  reading.end();
  // Nobody reads this answer, so it fills what the connection holds and no more.
  await once(reading, 'response');
  let before = -1;
  while (pulled !== before) {
    before = pulled;
    await sleep(100);
  }
  expect(pulled).toBeLessThan(CHUNKS);
  reading.destroy();
  await expect.poll(() => isCancelled).toBe(true);
});
