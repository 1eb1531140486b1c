import { expect, test } from 'vitest';

import { diskLocation, fuzz, memoryLocation } from '../../support/serve/fuzz.js';

/** Of each location. `FUZZ_REQUESTS=100000` sends as many as the service was judged by. */
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 10_000);

test.each([
  ['in memory', memoryLocation],
  ['on the disk, with links that lead out of it', diskLocation],
] as const)(
  'random requests in all dialects to a location %s: no 5xx, no file outside it, no token in an answer',
  { timeout: 3_600_000 },
  async (where, openLocation) => {
    const seed = Number(process.env.FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 31));
    console.log(`fuzz of the lock service ${where}: ${REQUESTS} requests, seed ${seed}`);
    const statuses = await fuzz(REQUESTS, seed, openLocation);
    console.log('answers by status:', JSON.stringify(Object.fromEntries(statuses)));
    // The requests reach what is behind the checks.
    expect(statuses.get(200)).toBeGreaterThan(REQUESTS / 50);
    for (const status of [400, 401, 403, 404, 405, 409, 415])
      expect(statuses.get(status), String(status)).toBeGreaterThan(0);
  },
);
