import { expect, test } from 'vitest';

import { all, answer } from '../../support/http-proxy.js';
import { faultsSuite } from '../buckets/faults.js';
import { bucketStores } from './bucket-store.js';

for (const store of bucketStores) {
  faultsSuite(store, ({ proxy, tryAcquire, stored }) => {
    test('B5: 409 again and again, where nobody is seen holding the lock, is an error', async () => {
      proxy().fault = all('PUT', answer(409, 'ConditionalRequestConflict'));
      await expect(tryAcquire()).rejects.toMatchObject({ code: 'ERR_VFS_IO' });
      expect(await stored()).toBeUndefined();
    });
  });
}
