import { expect, test } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import { TestService } from '../../support/serve/service.js';

/** A request or a number of milliseconds that pass, and what the answer has. */
type Step = readonly [request: string | number, status?: number, members?: object];

const SOME: unknown = expect.any(String);
const free = { holder: '', job: 'default', is_expired: true };
const held = { holder: 'laptop1', job: 'default', expires_at: SOME };
const acquire = 'POST /lock?client=laptop1&ttl=10s';
const release = 'DELETE /lock?client=laptop1';
const REFUSED = { error: 'client does not hold the lock' };
const NOBODY = { error: 'client parameter required' };

/** The sequences of requests by which foolock itself is tested, in its order, and what they assert. */
const SEQUENCES: Readonly<Record<string, readonly Step[]>> = {
  'a job that nobody has locked': [['GET /lock', 200, free]],
  'acquire, status, release': [
    [acquire, 200, held],
    ['GET /lock', 200, held],
    [release, 200, { job: 'default' }],
  ],
  renewal: [
    [acquire, 200],
    [acquire, 200, { message: 'renewed' }],
    [release, 200],
  ],
  'another client': [
    [acquire],
    ['POST /lock?client=laptop2', 409, { holder: 'laptop1', job: 'default' }],
    [release, 200],
  ],
  'release by another client': [[acquire], ['DELETE /lock?client=laptop2', 403, REFUSED], [release, 200]],
  release: [[acquire], [release, 200, { message: 'lock released', job: 'default' }], ['GET /lock', 200, free]],
  'no client': [
    ['POST /lock', 400, NOBODY],
    ['DELETE /lock', 400, NOBODY],
  ],
  'an invalid ttl': [['POST /lock?client=test&ttl=invalid', 400, { error: 'invalid ttl format' }]],
  'no ttl': [
    ['POST /lock?client=laptop1', 200, held],
    [release, 200],
  ],
  'within the grace period only the holder': [
    ['POST /lock?client=laptop1&ttl=2s', 200],
    [3000],
    ['GET /lock', 200, { holder: 'laptop1', is_expired: true, grace_until: SOME }],
    ['POST /lock?client=laptop2', 409, { error: 'grace period active' }],
    ['POST /lock?client=laptop1&ttl=2s', 200, { holder: 'laptop1' }],
    [release, 200],
  ],
  'after the grace period everybody': [
    ['POST /lock?client=laptop1&ttl=2s', 200],
    [8000],
    ['GET /lock', 200, { holder: 'laptop1', is_expired: true }],
    ['POST /lock?client=laptop2&ttl=5s', 200, { holder: 'laptop2', message: 'acquired from laptop1' }],
    ['DELETE /lock?client=laptop2', 200],
  ],
  'jobs of their own': [
    ['POST /lock?client=l1&job=job1', 200],
    ['POST /lock?client=l2&job=job2', 200],
    ['POST /lock?client=l2&job=job1', 409, { holder: 'l1', job: 'job1' }],
    ['GET /lock?job=job1', 200, { holder: 'l1' }],
    ['GET /lock?job=job2', 200, { holder: 'l2' }],
    ['DELETE /lock?client=l1&job=job1', 200, { job: 'job1' }],
    ['POST /lock?client=l2&job=job1', 200, { holder: 'l2' }],
    ['DELETE /lock?client=l2&job=job1', 200],
    ['DELETE /lock?client=l2&job=job2', 200],
  ],
  // What its own tests leave out, as the program does it.
  'its holder gets the lock back long after the grace period, if nobody came between': [
    ['POST /lock?client=laptop1&ttl=2s', 200],
    [60_000],
    [acquire, 200, { message: 'renewed', holder: 'laptop1' }],
    [release, 200],
  ],
  'a shorter ttl shortens the lock, and a release after its end is a release': [
    ['POST /lock?client=laptop1&ttl=1h', 200],
    ['POST /lock?client=laptop1&ttl=1s', 200, { message: 'renewed' }],
    [2000],
    ['GET /lock', 200, { is_expired: true }],
    [release, 200],
    ['POST /lock?client=laptop2', 200, { message: 'acquired' }],
    ['DELETE /lock?client=laptop2', 200],
  ],
  'of a repeated parameter the first one, an empty one as none, and no others than those of the query': [
    ['POST /lock?client=laptop1&client=laptop2&job=&ttl=', 200, held],
    ['GET /lock?job=default&job=other', 200, held],
    [release, 200],
  ],
};

test("each sequence of foolock's own tests gets the answers that those expect, one after the other", async () => {
  let offsetMs = 0;
  const service = new TestService({}, memVfs({ now: () => Date.now() + offsetMs }));
  for (const [name, steps] of Object.entries(SEQUENCES)) {
    for (const [request, status = 200, members = {}] of steps) {
      if (typeof request === 'number') offsetMs += request;
      else expect(await service.json(request), `${name}: ${request}`).toMatchObject({ status, body: members });
    }
  }
});
