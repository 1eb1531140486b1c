import { expect, test } from 'vitest';

import { all, answer } from '../../support/http-proxy.js';
import { faultsSuite } from '../buckets/faults.js';
import { bucketStores } from './bucket-store.js';

for (const store of bucketStores) {
  faultsSuite(store, ({ proxy, tryAcquire, stored }) => {
    test('409 again and again is a lock that somebody else has, not an error', async () => {
      proxy().fault = all('PUT', answer(409, 'ConditionalRequestConflict'));
      expect(await tryAcquire()).toBe(false);
      expect(await stored()).toBeUndefined();
    });
  });
}
