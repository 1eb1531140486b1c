import fc from 'fast-check';

import { memVfs } from '../../../src/backends/mem/index.js';
import type { Vfs } from '../../../src/vfs/vfs.js';
import { OTHER, READER, TestService, TOKENS, WRITER } from './service.js';

/** Where the locks are. Whatever is beside it is out of bounds. */
const LOCATION = 'data/locks';

const NASTY = [
  ...['..', '.', '../x', 'a/../../x', '/etc/passwd', '//x', 'a//b', 'a/', '%2e%2e', '%2e%2e%2fx', '%252e', '..%5cx'],
  ...[
    'a.lock',
    'A.LOCK',
    'a.lock.guard',
    '.vfs-lockfile-x',
    'a\\b',
    'a\0b',
    '\u202e',
    '\ud800',
    '%',
    '%zz',
    '%ff',
    '%00',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'locks',
    'health',
    'acquire',
    'a;b',
    'a&b=c',
    'a?b',
    '#',
  ],
  ...[
    'x'.repeat(300),
    'é'.repeat(300),
    'a/'.repeat(200),
    '<script>',
    "'",
    '"',
    ' ',
    '+',
    '-',
    '0',
    '10s',
    '-5s',
    '1e999',
  ],
  ...['9'.repeat(400), '99999h', '0.1ns', 'NaN', 'Infinity', 'null', 'true', '[]', '{}'],
] as const;

const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'folder/c', 'job', '10s', '60', 'A'.repeat(22)) },
  { weight: 3, arbitrary: fc.constantFrom(...NASTY) },
  { weight: 1, arbitrary: fc.string({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
);

/** A word as clients write it into a URL: escaped, or as it is. */
const written = fc
  .tuple(word, fc.boolean())
  .map(([text, escaped]) => (escaped ? encodeURIComponent(text.toWellFormed()) : text));

const ACTIONS = ['acquire', 'renew', 'release', 'force-release', ''] as const;

const path = fc.oneof(
  fc.tuple(written, fc.constantFrom(...ACTIONS)).map(([name, action]) => `/v1/locks/${name}/${action}`),
  fc.tuple(written, fc.constantFrom(...ACTIONS)).map(([name, action]) => `/locks/${name}/${action}`),
  written.map((name) => `/v1/locks/${name}`),
  written.map((name) => `/locks/${name}`),
  written.map((name) => `/justalock/${name}`),
  written.map((name) => `/${name}`),
  fc.constantFrom(
    '/lock',
    '/lock/',
    '/locks',
    '/v1/locks',
    '/v1/sweep',
    '/',
    '/health',
    '/healthz',
    '/metrics',
    '/openapi.json',
  ),
  fc.constantFrom('/auth/token/rotate', `/${'A'.repeat(22)}`, '/assets/page.js', '/assets/..', '/v1/', '/v1/events/x'),
);

const NAMES = ['client', 'job', 'ttl', 's', 'prefix', 'limit', 'before', 'name', 'constructor'] as const;
const query = fc
  .array(fc.tuple(fc.constantFrom(...NAMES), written), { maxLength: 4 })
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&'));

const MEMBERS = ['client', 'id', 'ttlMs', 'waitMs', 'graceMs', 'owner', 'host', 'note', 'reason', 'prefix'] as const;
const value = fc.oneof(word, fc.integer({ min: -10, max: 100_000 }), fc.double(), fc.jsonValue({ maxDepth: 3 }));
const members = fc.dictionary(
  fc.oneof(fc.constantFrom(...MEMBERS, 'ttl_seconds', 'lease_id', 'metadata', '__proto__'), word),
  value,
  { maxKeys: 6 },
);
/** What gets past the checks of members more often than chance. */
const likely = fc.record(
  {
    client: word,
    ttlMs: fc.integer({ min: 100, max: 90_000 }),
    ttl_seconds: fc.integer({ min: 1, max: 60 }),
    id: word,
  },
  { requiredKeys: [] },
);
const body = fc.oneof(
  members.map((json) => JSON.stringify(json)),
  likely.map((json) => JSON.stringify(json)),
  fc.json(),
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.constant('x'.repeat(70_000)),
  fc.constant(''),
);

const init = fc.record({
  method: fc.constantFrom('GET', 'POST', 'POST', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS'),
  type: fc.constantFrom(
    'application/json',
    'application/json; charset=utf-8',
    'text/plain',
    'application/octet-stream',
    '',
  ),
  token: fc.constantFrom(WRITER, WRITER, WRITER, OTHER, READER, 'unknown', ''),
  scheme: fc.constantFrom('Bearer', 'Bearer', 'Bearer', 'Basic', 'nothing'),
  origin: fc.constantFrom('', '', '', 'http://localhost', 'http://evil.example', 'null'),
});

export const requests = fc.record({ path, query, body, init });
type Fuzzed = typeof requests extends fc.Arbitrary<infer T> ? T : never;

/** A service whose store refuses, and remembers, whatever is outside the location. */
export class FuzzedService {
  readonly #service: TestService;
  readonly outside: string[] = [];
  /** How many answers there were of each status. */
  readonly statuses = new Map<number, number>();

  private constructor(vfs: Vfs) {
    const guarded = guard(vfs, (path) => this.outside.push(path));
    this.#service = new TestService(
      { tokens: TOKENS, location: { vfs: guarded, path: LOCATION }, maxWait: 0 },
      guarded,
    );
  }

  static async start(): Promise<FuzzedService> {
    const vfs = memVfs();
    await vfs.write(`${LOCATION}/folder/c`, new Uint8Array());
    await vfs.write('data/secret', new Uint8Array());
    return new FuzzedService(vfs);
  }

  /** Sends a request, and throws if the answer says that the service is at fault. */
  async send({
    path: below,
    query: asked,
    body: sent,
    init: { method, type, token, scheme, origin },
  }: Fuzzed): Promise<void> {
    let request: Request;
    try {
      const hasBody = method !== 'GET' && method !== 'HEAD';
      const authorization = `${scheme} ${scheme === 'Basic' ? Buffer.from(`u:${token}`).toString('base64') : token}`;
      const headers = { authorization, ...(type && { 'content-type': type }), ...(origin && { origin }) };
      const url = `http://localhost${below}?${asked}`;
      request = new Request(url, { method, headers, ...(hasBody && { body: Buffer.from(sent) }) });
    } catch {
      // No client can send it.
      return;
    }
    const response = await this.#service.service(request);
    const text = response.headers.get('content-type') === 'text/event-stream' ? '' : await response.text();
    if (!response.bodyUsed) await response.body?.cancel();
    this.statuses.set(response.status, (this.statuses.get(response.status) ?? 0) + 1);
    const { errors } = this.#service;
    if (response.status >= 500 || errors.length > 0)
      throw new Error(`${response.status} ${text}`, { cause: errors[0] });
    if (this.outside.length > 0) throw new Error(`outside the location: ${this.outside.join()}`);
    if (text.includes(WRITER) || text.includes(OTHER)) throw new Error('a token is in the answer');
  }
}

/** Calls `onOutside` for every path that is not below the location. */
function guard(vfs: Vfs, onOutside: (path: string) => void): Vfs {
  const isInside = (path: string): boolean =>
    (path === LOCATION || path.startsWith(`${LOCATION}/`)) && !path.split('/').includes('..');
  return new Proxy(vfs, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        if (typeof args[0] === 'string' && !isInside(args[0])) onOutside(`${String(name)} ${args[0]}`);
        return (member as (...all: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}

/** Sends so many random requests, all to one service. */
export async function fuzz(count: number, seed: number): Promise<FuzzedService> {
  const service = await FuzzedService.start();
  const property = fc.asyncProperty(requests, (each) => service.send(each));
  await fc.assert(property, { numRuns: count, seed, endOnFailure: true });
  return service;
}
