import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { gcsVfs, type GcsVfs } from '../../../src/backends/gcs/index.js';
import { Lockfile, VfsFile } from '../../../src/index.js';
import { slowness } from '../../support/slowness.js';
import { fakeGcs, missing, type GcsServer } from './servers.js';
import { useServer } from './use-server.js';

const LOCKS = 1000;
const AT_ONCE = 50;
const RENEWALS = 2;

const lacking = missing(fakeGcs);

describe.skipIf(lacking !== undefined)(`many locks on fake-gcs-server${lacking ? `: ${lacking}` : ''}`, () => {
  let server: GcsServer;
  let vfs: GcsVfs;

  beforeAll(async () => {
    server = await useServer(fakeGcs);
    vfs = gcsVfs({ bucket: server.bucket, client: server.client() });
  });
  afterAll(() => server.dispose());

  test(`one process holds ${String(LOCKS)} locks, and renews them all in time`, { timeout: 900_000 }, async () => {
    const ttl = Math.round(20_000 * (await slowness()));
    const locks = Array.from(
      { length: LOCKS },
      (_, at) => new Lockfile(new VfsFile(vfs, `many/${String(at)}`), { ttl }),
    );
    for (let at = 0; at < LOCKS; at += AT_ONCE) {
      await Promise.all(locks.slice(at, at + AT_ONCE).map((lock) => lock.acquire()));
    }
    const renewals = (): number => locks.reduce((sum, lock) => sum + (lock.record?.renewals ?? 0), 0);
    const [before, cpu] = [renewals(), process.cpuUsage()];
    while (locks.some((lock) => lock.held && (lock.record?.renewals ?? 0) < RENEWALS)) await sleep(200);
    const { user, system } = process.cpuUsage(cpu);
    const each = (user + system) / 1000 / (renewals() - before);
    console.log(`${String(renewals() - before)} renewals, ${each.toFixed(2)} ms of CPU each`);
    expect(locks.filter((lock) => lock.loss !== undefined)).toEqual([]);
    expect(locks.every((lock) => lock.held)).toBe(true);
    for (let at = 0; at < LOCKS; at += AT_ONCE) {
      const released = await Promise.all(locks.slice(at, at + AT_ONCE).map((lock) => lock.release()));
      expect(released.every(Boolean)).toBe(true);
    }
  });
});
