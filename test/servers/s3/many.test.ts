import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { s3Vfs, type S3Vfs } from '../../../src/backends/s3/index.js';
import { Lockfile, VfsFile } from '../../../src/index.js';
import { slowness } from '../../support/slowness.js';
import { ceph, missing, type S3Server } from './servers.js';
import { useServer } from './use-server.js';

const LOCKS = 1000;
const AT_ONCE = 50;
const RENEWALS = 2;

const FILE = Buffer.alloc(8_000_000, 'x');
/** The SDK's default. */
const SDK_SOCKETS = 50;
const READERS = 60;

const lacking = missing(ceph);

describe.skipIf(lacking !== undefined)(`many locks on Ceph RGW${lacking ? `: ${lacking}` : ''}`, () => {
  let server: S3Server;
  let vfs: S3Vfs;

  beforeAll(async () => {
    server = await useServer(ceph);
    vi.stubEnv('AWS_ACCESS_KEY_ID', server.credentials.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', server.credentials.secretAccessKey);
    vfs = s3Vfs({ bucket: server.bucket, endpoint: server.endpoint });
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await vfs.close();
    await server.dispose();
  });

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
    expect(locks.flatMap(({ loss }) => (loss ? [`${String(loss)} ${String(loss.cause)}`] : [])).slice(0, 5)).toEqual(
      [],
    );
    expect(locks.every((lock) => lock.held)).toBe(true);
    for (let at = 0; at < LOCKS; at += AT_ONCE) {
      const released = await Promise.all(locks.slice(at, at + AT_ONCE).map((lock) => lock.release()));
      expect(released.every(Boolean)).toBe(true);
    }
  });

  test(`a lock is taken, renewed and given back while ${String(READERS)} files of its bucket are read slowly`, async () => {
    await vfs.write('slow.bin', FILE);
    const streams = Array.from({ length: READERS }, () => vfs.readStream('slow.bin'));
    const readers = streams.map((stream) => stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>);
    await Promise.all(readers.slice(0, SDK_SOCKETS).map((reader) => reader.next()));
    const lock = new Lockfile(new VfsFile(vfs, 'slow.bin'));
    await lock.acquire({ wait: '5s' });
    await lock.renew();
    expect(await lock.release()).toBe(true);
    for (const stream of streams) stream.destroy();
  });
});
