import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { sftpVfs, type SftpVfs } from '../../../src/backends/sftp/index.js';
import { Lockfile, VfsFile } from '../../../src/index.js';
import { Proxy } from './proxy.js';
import { missing, openSsh, type ServerUse } from './servers.js';
import { useServer } from './use-server.js';

const LATENCY_MS = 50;
const lacking = missing(openSsh);

describe.skipIf(lacking !== undefined)(`round trips to OpenSSH${lacking ? `: ${lacking}` : ''}`, () => {
  let server: ServerUse;
  let proxy: Proxy;
  let vfs: SftpVfs;
  let other: SftpVfs;

  beforeAll(async () => {
    server = await useServer(openSsh);
    proxy = await Proxy.to(server.port, LATENCY_MS);
    const { port: _, knownHosts: __, ...options } = server.options;
    vfs = sftpVfs({ ...options, port: proxy.port, hostKey: server.fingerprint, keepalive: '1h' });
    other = sftpVfs(server.options);
    await vfs.connect();
    await other.connect();
  });

  afterAll(async () => {
    vfs.close();
    other.close();
    await proxy.close();
    await server.dispose();
  });

  /** What one call costs, once everything from before has come back. */
  async function cost(call: () => Promise<unknown>): Promise<{ readonly trips: number; readonly ms: number }> {
    await sleep(2 * LATENCY_MS);
    const [trips, since] = [proxy.roundTrips, performance.now()];
    await call();
    return { trips: proxy.roundTrips - trips, ms: performance.now() - since };
  }

  for (const size of [10, 5_000_000]) {
    test(`a lock on a file of ${String(size)} bytes takes 2 to acquire, 3 to renew, 2 to release`, async () => {
      writeFileSync(join(server.folder, 'data.csv'), Buffer.alloc(size));
      const lock = new Lockfile(new VfsFile(vfs, 'data.csv'), { renew: false });
      // What a folder allows is tried once.
      await lock.acquire();
      await lock.release();
      for (let round = 0; round < 5; round += 1) {
        expect((await cost(() => lock.acquire())).trips).toBeLessThanOrEqual(2);
        expect((await cost(() => lock.renew())).trips).toBeLessThanOrEqual(3);
        expect((await cost(() => lock.release())).trips).toBeLessThanOrEqual(2);
      }
    });
  }

  test('a try at a lock that others hold takes 3 at first sight, and 2 from then on', async () => {
    const holder = new Lockfile(new VfsFile(other, 'held.csv'));
    await holder.acquire();
    const lock = new Lockfile(new VfsFile(vfs, 'held.csv'), { renew: false });
    for (const most of [3, 2, 2]) {
      let won;
      const { trips } = await cost(async () => (won = await lock.tryAcquire()));
      expect(won).toBe(false);
      expect(trips).toBeLessThanOrEqual(most);
    }
    await holder.release();
  });

  test('nothing but round trips takes time', async () => {
    const lock = new Lockfile(new VfsFile(vfs, 'timed.csv'), { renew: false });
    const calls = { acquire: () => lock.acquire(), renew: () => lock.renew(), release: () => lock.release() };
    /** The best that was seen: a machine under load makes anything slow now and then, but nothing fast. */
    const best = new Map<string, number>();
    const share = (name: string, trips: number): number => best.get(name)! / (trips * best.get('stat')!);
    const trips = new Map<string, number>();
    const slow = () => [...trips].filter(([name, count]) => share(name, count) > 1.2);
    for (let round = 0; round < 20 && (round < 3 || slow().length > 0); round += 1) {
      for (const [name, call] of Object.entries({ stat: () => vfs.stat('timed.csv'), ...calls })) {
        const found = await cost(call);
        best.set(name, Math.min(best.get(name) ?? Infinity, found.ms));
        if (name !== 'stat') trips.set(name, found.trips);
      }
    }
    console.log(
      [...trips]
        .map(
          ([name, count]) =>
            `${name}: ${String(count)} round trips, ${share(name, count).toFixed(2)} times as long as so many of stat`,
        )
        .join('; '),
    );
    expect(Object.fromEntries(trips)).toEqual({ acquire: 2, renew: 3, release: 2 });
    expect(slow()).toEqual([]);
  });
});
