import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { gcsVfs } from '../../../src/backends/gcs/index.js';
import { s3Vfs } from '../../../src/backends/s3/index.js';
import { sftpVfs } from '../../../src/backends/sftp/index.js';
import { Lockfile, VfsFile, withLock, type Vfs } from '../../../src/index.js';
import { SilentListener } from '../../support/silent-listener.js';

const LIMIT_MS = 300;
const HOST_KEY = `SHA256:${'a'.repeat(43)}`;
/** A limit that is never reached. */
const ENDLESS_MS = 3_600_000;

let listener: SilentListener;
beforeAll(async () => {
  listener = await SilentListener.open();
  process.env.AWS_ACCESS_KEY_ID = 'a';
  process.env.AWS_SECRET_ACCESS_KEY = 'b';
});
afterAll(() => listener.close());

const stores: readonly (readonly [string, (timeout: number) => Vfs & { close?(): unknown }])[] = [
  ['S3', (timeout) => s3Vfs({ bucket: 'bucket', endpoint: `http://127.0.0.1:${String(listener.port)}`, timeout })],
  ['GCS', (timeout) => gcsVfs({ bucket: 'bucket', endpoint: `http://127.0.0.1:${String(listener.port)}`, timeout })],
  [
    'SFTP',
    (timeout) =>
      sftpVfs({ host: '127.0.0.1', port: listener.port, username: 'u', hostKey: HOST_KEY, connectTimeout: timeout }),
  ],
];

describe.each(stores)('U3: %s that accepts and never answers', (_name, open) => {
  const lockOf = (vfs: Vfs): Lockfile => new Lockfile(new VfsFile(vfs, 'x'));
  const silence = (what = ''): object => ({
    code: 'ERR_VFS_TIMEOUT',
    message: expect.stringMatching(
      new RegExp(`${what}.*127\\.0\\.0\\.1:${String(listener.port)}.*nobody is known to hold the lock`),
    ) as string,
  });

  it('ends one try by the time limit of the store, and says that nobody is known to hold the lock', async () => {
    await expect(lockOf(open(LIMIT_MS)).tryAcquire()).rejects.toMatchObject(silence());
    await expect(lockOf(open(LIMIT_MS)).acquire({ wait: 0 })).rejects.toMatchObject(silence());
    await expect(lockOf(open(LIMIT_MS)).acquire({ wait: '1h' })).rejects.toMatchObject(silence());
    await expect(withLock(new VfsFile(open(LIMIT_MS), 'x'), () => 1)).rejects.toMatchObject(silence());
  });

  it('ends a wait by its own limit', async () => {
    await expect(lockOf(open(ENDLESS_MS)).acquire({ wait: LIMIT_MS })).rejects.toMatchObject(silence());
  });

  it.each([0, 3_600_000])('ends by its signal, with wait %s', async (wait) => {
    const reason = new Error('enough');
    const ending = new AbortController();
    const acquired = lockOf(open(ENDLESS_MS)).acquire({ wait, signal: ending.signal });
    setTimeout(() => ending.abort(reason), 50);
    await expect(acquired).rejects.toBe(reason);
  });

  it('ends by a release of the same object', async () => {
    const lock = lockOf(open(ENDLESS_MS));
    const acquired = lock.acquire({ wait: '1h' });
    setTimeout(() => void lock.release(), 50);
    await expect(acquired).rejects.toMatchObject({ code: 'ERR_LOCK_NOT_HELD' });
  });

  it('ends every call by the time limit, and by its signal', async () => {
    const names = async (vfs: Vfs, signal?: AbortSignal): Promise<void> => {
      for await (const entry of vfs.list('', { signal })) expect(entry).toBeUndefined();
    };
    const calls: readonly ((vfs: Vfs, signal?: AbortSignal) => Promise<unknown>)[] = [
      (vfs, signal) => vfs.read('x', { maxBytes: 100, signal }),
      (vfs, signal) => vfs.create('x', Buffer.from('a'), { signal }),
      (vfs, signal) => vfs.stat('x', { signal }),
      (vfs, signal) => vfs.delete('x', { signal }),
      names,
    ];
    await Promise.all(
      calls.map((call) => expect(call(open(LIMIT_MS))).rejects.toMatchObject({ code: 'ERR_VFS_TIMEOUT' })),
    );
    await Promise.all(
      calls.map((call) =>
        expect(call(open(ENDLESS_MS), AbortSignal.timeout(50))).rejects.toMatchObject({ code: 'ERR_VFS_ABORTED' }),
      ),
    );
  });
});
