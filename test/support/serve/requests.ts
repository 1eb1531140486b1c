import fc from 'fast-check';

import { OTHER, READER, WRITER } from './service.js';

/** In a location on a disk these lead out of it. */
const LINKS = ['link', 'link/secret', 'link/x', 'link/none/x', 'trap', 'loop/x', 'dangling/x'] as const;

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
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'folder/c', 'job', '10s', '60', 'A'.repeat(22), ...LINKS) },
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
  written.map((name) => `/v1/history/${name}`),
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
  fc.constantFrom(
    '/auth/token/rotate',
    `/${'A'.repeat(22)}`,
    '/assets/page.js',
    '/assets/..',
    '/v1/',
    '/v1/events',
    '/v1/events/x',
  ),
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
/** Stands for the id of the last lock that an answer named. */
export const LAST_ID = 'the-last-id';

const client = fc.constantFrom('c1', 'c2');
const id = fc.oneof({ weight: 4, arbitrary: fc.constant(LAST_ID) }, { weight: 1, arbitrary: word });
/** What gets past the checks of members more often than chance. */
const likely = fc.oneof(
  fc.record({ client, ttlMs: fc.integer({ min: 100, max: 90_000 }) }),
  fc.record({ client, fencing: fc.boolean(), note: fc.dictionary(word, word, { maxKeys: 2 }), owner: word }),
  fc.record({ client, id }),
  fc.record({ id, reason: word }),
  fc.record({ lease_id: id, ttl_seconds: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ prefix: word }),
  fc.constant({}),
);
const body = fc.oneof(
  members.map((json) => JSON.stringify(json)),
  { weight: 6, arbitrary: likely.map((json) => JSON.stringify(json)) },
  fc.json(),
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.constant('x'.repeat(70_000)),
  fc.constant(''),
);

/** Mostly `usual`, which leads further into the service than the others. */
function mostly(usual: string, ...others: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 2, arbitrary: fc.constantFrom(...others) });
}

/** Stands for the method that the path is made for. */
const FITTING = 'fitting';

const init = fc.record({
  method: mostly(FITTING, 'GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS'),
  type: mostly('application/json', 'application/json; charset=utf-8', 'text/plain', 'application/octet-stream', ''),
  token: mostly(WRITER, OTHER, READER, 'unknown', ''),
  scheme: mostly('Bearer', 'Basic', 'nothing'),
  origin: mostly('', 'http://localhost', 'http://evil.example', 'null'),
});

export const requests = fc
  .record({ path, query, body, init })
  .map((each) => ({ ...each, init: { ...each.init, method: methodOf(each.init.method, each.path) } }));
export type Fuzzed = typeof requests extends fc.Arbitrary<infer T> ? T : never;

function methodOf(method: string, path: string): string {
  if (method !== FITTING) return method;
  if (path === '/lock') return 'POST';
  return /^\/justalock\/|^\/A{22}$|\/(?:acquire|renew|release|force-release|rotate)$/.test(path) ? 'POST' : 'GET';
}
