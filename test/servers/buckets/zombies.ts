import { afterEach, describe, test, vi } from 'vitest';

import type { Store } from '../../proof/torture/store.mjs';
import { LIMIT_MS, stopPastLease, STOPS_ON_SERVERS, titleOf } from '../../support/fencing/stops.js';
import { titled, type BucketServer, type BucketStore } from './store.js';

/** Many requests at once take long on a slow machine. */
export const TIMEOUT = '5m';

/** Processes that use a bucket are stopped past their lease. */
export function stopsInBucket(kind: BucketStore, storeOf: (server: BucketServer) => Store): void {
  describe.skipIf(kind.lacking !== undefined)(titled('fencing on ', kind), () => {
    afterEach(() => void vi.unstubAllEnvs());

    test(titleOf(STOPS_ON_SERVERS), { timeout: LIMIT_MS }, async () => {
      const server = await kind.start();
      for (const [name, value] of Object.entries(server.env)) vi.stubEnv(name, value);
      try {
        const ways = { vfs: server.open({ timeout: TIMEOUT }), store: storeOf(server) };
        const room = { ...ways, folder: 'locks', isGuarded: false, ttlMs: 3000 };
        await stopPastLease(kind.name, room, STOPS_ON_SERVERS);
      } finally {
        await server.dispose();
      }
    });
  });
}
