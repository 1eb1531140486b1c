import { expect, test } from 'vitest';

import { all } from '../../support/http-proxy.js';
import { faultsSuite } from '../buckets/faults.js';
import { answer } from './answers.js';
import { bucketStores } from './bucket-store.js';

for (const store of bucketStores) {
  faultsSuite(store, ({ proxy, direct, lockName, tryAcquire }) => {
    // Where tombstones are expected the lock file is read first, and one that is held is not written to.
    if (!store.native) return;
    test('429 again and again is a lock that somebody else has, not an error, after three requests', async () => {
      await direct().create(lockName(), Buffer.from('{"createdAt":"2026-11-20T00:00:00Z","ttl":0}'));
      proxy().fault = all('POST', answer(429, 'rateLimitExceeded'));
      expect(await tryAcquire()).toBe(false);
      expect(proxy().taken()).toEqual(['POST 429', 'POST 429', 'POST 429', 'GET 206']);
    });
  });
}
