import type { setTimeout as setTimeoutType } from 'node:timers';

import { afterAll, describe, expect, test, vi } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import openapi from '../../../src/serve/openapi.json' with { type: 'json' };
import { VfsError } from '../../../src/vfs/errors.js';
import type { Vfs } from '../../../src/vfs/vfs.js';
import { errorsOf, OPERATIONS, problemsOf, type Operation } from '../../support/serve/openapi.js';
import { bearer, OTHER, READER, TestService, TOKENS, WRITER } from '../../support/serve/service.js';

const time = vi.hoisted(() => ({ isShort: false }));
// Who sends a body has 10 s for it.
vi.mock('node:timers', async (original) => {
  const timers = await original<{ readonly setTimeout: typeof setTimeoutType }>();
  const setTimeout = (callback: () => void, ms: number): NodeJS.Timeout =>
    timers.setTimeout(callback, time.isShort && ms === 10_000 ? 0 : ms);
  return { ...timers, setTimeout };
});

/** The operations, their statuses and the codes of errors that some request has provoked. */
const provoked = new Set<string>();
const codes = new Set<string>();

/** How one request differs from one that succeeds. */
interface Sent {
  readonly service?: TestService;
  readonly name?: string;
  readonly query?: string;
  readonly body?: unknown;
  readonly token?: string;
  readonly init?: RequestInit;
}

const withTokens = (options: ConstructorParameters<typeof TestService>[0] = {}, vfs?: Vfs): TestService =>
  new TestService({ tokens: TOKENS, ...options }, vfs);

/** Sends the request of an operation, and expects an answer as openapi.json says. */
async function send(operation: Operation, sent: Sent): Promise<Response> {
  const { service = withTokens(), name = 'x', query = '', token = WRITER, init = {} } = sent;
  const { method, path } = operation;
  const body = 'body' in sent ? sent.body : usualBody(operation);
  const headers = {
    ...(token !== '' && { authorization: `Bearer ${token}` }),
    ...(init.headers as object | undefined),
  };
  const request = `${method} ${path.replace('{name}', name)}${query}`;
  const response = await service.ask(request, body, { ...init, headers });
  expect(await problemsOf(operation, response, body)).toEqual([]);
  provoked.add(`${operation.name} ${String(response.status)}`);
  if (!response.ok) codes.add(((await response.clone().json()) as { error: { code: string } }).error.code);
  return response;
}

const BODIES: Readonly<Record<string, object>> = {
  acquire: { client: 'c' },
  renew: { client: 'c', id: 'i' },
  release: { client: 'c', id: 'i' },
  'force-release': { id: 'i', reason: 'r' },
};

function usualBody({ method, path }: Operation): object | undefined {
  return method === 'POST' ? (BODIES[path.split('/').at(-1) ?? ''] ?? {}) : undefined;
}

function failing(error: () => Error): Vfs {
  const vfs = memVfs();
  const fail = (): never => {
    throw error();
  };
  return Object.assign(vfs, { sync: undefined, read: fail, create: fail, list: fail, stat: fail });
}

/** Reads the file `x.lock` by `read`, and the others as ever. */
function healthy(vfs: Vfs, read: () => never): Vfs['read'] {
  const usual = vfs.read.bind(vfs);
  return (path, options) => (path === 'x.lock' ? read() : usual(path, options));
}

async function held(
  options: ConstructorParameters<typeof TestService>[0] = {},
): Promise<readonly [TestService, string]> {
  const service = withTokens(options);
  const { body } = await service.json('POST /v1/locks/x/acquire', { client: 'c' }, bearer(WRITER));
  return [service, body.id as string];
}

/** What goes wrong, by whatever an operation answers to it. Each is sent to every operation. */
const SCENES: Readonly<Record<string, (operation: Operation) => Promise<Sent>>> = {
  nothing: async ({ path, method }) => {
    if (path.endsWith('/acquire') || method === 'GET') return {};
    const [service, id] = await held();
    const body = path.endsWith('/force-release') ? { id, reason: 'r' } : { client: 'c', id };
    return path === '/v1/sweep' ? {} : { service, body };
  },
  'a name that is none': ({ name }) =>
    Promise.resolve({
      name: '..%2Fx',
      query: '?prefix=../&limit=x',
      ...(name === 'POST /v1/sweep' && { body: { prefix: '../' } }),
    }),
  'an unknown member': ({ method }) => Promise.resolve({ body: method === 'POST' ? { unknown: 1 } : undefined }),
  'a folder that is not there': ({ name }) =>
    Promise.resolve({
      name: 'none/x',
      query: '?prefix=none/',
      ...(name === 'POST /v1/sweep' && { body: { prefix: 'none/' } }),
    }),
  'a location that is not there': () =>
    Promise.resolve({ service: withTokens({ location: { vfs: memVfs(), path: 'none' } }) }),
  'no token': () => Promise.resolve({ token: '' }),
  'an unknown token': () => Promise.resolve({ token: 'unknown' }),
  'a token that may only read': () => Promise.resolve({ token: READER }),
  'a foreign name of the service': () =>
    Promise.resolve({ service: new TestService(), token: '', init: { headers: { host: 'evil.example' } } }),
  'a lock of somebody else': async () => {
    const [service] = await held();
    return { service, token: OTHER };
  },
  'a file of another program': async () => {
    const service = withTokens();
    await service.vfs.write('x.lock', Buffer.from('# yarn lockfile v1'));
    return { service };
  },
  'a link in the place of the lock': () => {
    const vfs = memVfs();
    const fail = (): never => {
      throw new VfsError('ERR_VFS_NOT_A_FILE', 'it is not a regular file');
    };
    return Promise.resolve({
      service: withTokens({}, Object.assign(vfs, { sync: undefined, read: healthy(vfs, fail) })),
    });
  },
  'a body that does not arrive': ({ method }) => {
    const body = method === 'POST' ? new ReadableStream() : null;
    const headers = { 'content-type': 'application/json' };
    return Promise.resolve({ body: undefined, init: { headers, body, duplex: 'half' } });
  },
  'a body that is too long': ({ method }) =>
    Promise.resolve({ body: method === 'POST' ? { client: 'x'.repeat(70_000) } : undefined }),
  'a body of another type': ({ method }) => Promise.resolve({ body: method === 'POST' ? 'client=c' : undefined }),
  'too many requests': async () => {
    const service = withTokens({ maxRate: 0.1 });
    for (const path of ['/healthz', '/v1/locks']) await service.ask(`GET ${path}`, undefined, bearer(WRITER));
    return { service };
  },
  'too many waiting requests': async ({ path }) => {
    const [service] = await held({ maxWaits: 0 });
    return path.endsWith('/acquire') ? { service, body: { client: 'd', waitMs: 1000 } } : { service };
  },
  'too many locks': async () => {
    const [service] = await held({ maxLocks: 1 });
    return { service, name: 'y' };
  },
  'a client that leaves': async ({ path }) => {
    const [service] = await held();
    const signal = AbortSignal.timeout(1);
    return path.endsWith('/acquire')
      ? { service, body: { client: 'd', waitMs: 60_000 }, init: { signal } }
      : { service };
  },
  'tokens that cannot be read': () =>
    Promise.resolve({
      service: withTokens({ tokens: { read: () => Promise.reject(new VfsError('ERR_VFS_PATH', '')) } }),
    }),
  'a store that fails': () =>
    Promise.resolve({
      service: withTokens(
        {},
        failing(() => new VfsError('ERR_VFS_IO', 'no disk')),
      ),
    }),
  'a store with a mistake': () =>
    Promise.resolve({
      service: withTokens(
        {},
        failing(() => new TypeError('a mistake')),
      ),
    }),
  'a location that cannot be opened': () => Promise.resolve({ service: withTokens({ location: 'a\0b' }) }),
};

describe('every answer of every operation is one that openapi.json lists, whatever goes wrong', () => {
  test.each(Object.keys(SCENES))('%s', async (scene) => {
    for (const operation of OPERATIONS) {
      const sent = (await SCENES[scene]?.(operation)) ?? {};
      time.isShort = scene === 'a body that does not arrive';
      const response = await send(operation, sent);
      await response.body?.cancel();
    }
    time.isShort = false;
  });

  test('a method that it does not list for a path is refused, with those that it lists', async () => {
    const error = { $ref: '#/components/schemas/Error' };
    for (const path of new Set(OPERATIONS.map((each) => each.path))) {
      const methods = OPERATIONS.filter((each) => each.path === path).map((each) => each.method);
      for (const method of ['DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS']) {
        const response = await withTokens().ask(`${method} ${path.replace('{name}', 'x')}`, undefined, bearer(WRITER));
        expect(response.status, `${method} ${path}`).toBe(405);
        for (const each of methods) expect(response.headers.get('allow')).toContain(each);
        expect(errorsOf(error, await response.json())).toEqual([]);
      }
    }
    codes.add('method_not_allowed');
  });

  test('nothing is there below other paths', async () => {
    for (const request of ['GET /v2', 'GET /v1', 'POST /v1/locks/x/steal', 'GET /v1/events/x', 'GET /v1/sweep/x']) {
      const response = await withTokens().ask(request, undefined, bearer(WRITER));
      expect(response.status, request).toBe(404);
      expect(errorsOf({ $ref: '#/components/schemas/Error' }, await response.json())).toEqual([]);
    }
    codes.add('not_found');
  });

  afterAll(() => {
    const listed = OPERATIONS.flatMap(({ name, responses }) => Object.keys(responses).map((each) => `${name} ${each}`));
    expect(listed.filter((each) => !provoked.has(each))).toEqual([]);
    const { enum: all } = openapi.components.schemas.Error.properties.error.properties.code;
    expect(all.filter((each) => !codes.has(each))).toEqual([]);
  });
});
