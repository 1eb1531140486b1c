import { expect, test } from 'vitest';

import { fuzz, memoryLocation } from '../../support/serve/fuzz.js';

test('random names, queries and bodies in all dialects: no 5xx, nothing outside the location, no token in an answer', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  console.log(`fuzz of the lock service, seed ${seed}`);
  const statuses = await fuzz(300, seed, memoryLocation);
  // The requests reach what is behind the checks.
  for (const status of [200, 400, 401, 404, 405]) expect(statuses.get(status) ?? 0, String(status)).toBeGreaterThan(0);
});
