import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { s3Vfs, type S3Vfs } from '../../../src/backends/s3/index.js';
import { Lockfile, VfsFile } from '../../../src/index.js';
import { manyLocksSuite } from '../buckets/many-locks.js';
import { ceph, missing, type S3Server } from './servers.js';
import { useServer } from './use-server.js';

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

  manyLocksSuite(() => vfs);

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
