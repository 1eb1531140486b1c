import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { gcsVfs, type GcsVfs } from '../../../src/backends/gcs/index.js';
import { Lockfile, VfsFile } from '../../../src/index.js';
import { S3Proxy } from '../../support/http-proxy.js';
import { faultServer, startServer, type GcsServer } from './servers.js';

const TTL_MS = 500;

describe('what a condition is on', () => {
  let server: GcsServer;
  let proxy: S3Proxy;
  let vfs: GcsVfs;

  beforeAll(async () => {
    server = await startServer(faultServer);
    proxy = await S3Proxy.to(server.endpoint);
    const client = server.client({ apiEndpoint: proxy.endpoint });
    vfs = gcsVfs({ bucket: server.bucket, client, conditionalDelete: 'native' });
    await vfs.create('first use', Buffer.from('1'));
  });
  afterEach(() => {
    proxy.fault = undefined;
  });
  afterAll(async () => {
    await proxy.close();
    await server.dispose();
  });

  const lockOn = (name: string): Lockfile => new Lockfile(new VfsFile(vfs, name), { ttl: TTL_MS, renew: false });

  /** As a client that goes by metagenerations would do it. */
  const deleteByMetageneration = async (name: string): Promise<number> => {
    const url = `${server.endpoint}/storage/v1/b/${server.bucket}/o/${name}?ifMetagenerationMatch=1`;
    return (await fetch(url, { method: 'DELETE' })).status;
  };

  test('the Ruby GCS lock: a metageneration is 1 again after a steal, and nothing here goes by it', async () => {
    const [first, thief] = [lockOn('aba'), lockOn('aba')];
    await first.acquire();
    await thief.acquire({ wait: '20s' });
    expect(thief.reclaimedFrom).toMatchObject({ reason: 'expired' });
    proxy.taken();
    expect(await first.release()).toBe(false);
    await expect(first.renew()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST' });
    expect((await vfs.read('aba.lock'))?.data.toString()).toContain(thief.record?.lockId);
    for (const { url } of proxy.seen) expect(url).not.toMatch(/metageneration/i);
    // That the store would have taken the bait is what makes this a test.
    expect(await deleteByMetageneration('aba.lock')).toBe(204);
    expect(await vfs.read('aba.lock')).toBeUndefined();
  });

  test('equal bytes are another generation', async () => {
    const data = Buffer.from('the same');
    const first = await vfs.create('equal', data);
    const second = await vfs.replace('equal', first!.version, data);
    expect(second!.version).not.toBe(first!.version);
    expect(await vfs.replace('equal', first!.version, data)).toBeUndefined();
    expect(await vfs.remove('equal', first!.version)).toBe(false);
    expect(await vfs.remove('equal', second!.version)).toBe(true);
    await vfs.create('equal', data);
    expect(await vfs.remove('equal', second!.version)).toBe(false);
  });

  test('a version that is no generation is lost without asking: 0 would stand for no object', async () => {
    proxy.taken();
    for (const version of ['0', '', '-1', '1e3', '0x10', '1&ifGenerationMatch=0', '99999999999999999999']) {
      expect(await vfs.replace('nothing', version as never, Buffer.from('1'))).toBeUndefined();
      expect(await vfs.remove('first use', version as never)).toBe(false);
    }
    expect(proxy.taken()).toEqual([]);
  });
});

describe.concurrent.each([
  ['a day ahead', 86_400_000],
  ['a day behind', -86_400_000],
  ['an hour ahead', 3_600_000],
  ['an hour behind', -3_600_000],
])('a store whose clock is %s of the client', (_which, offMs) => {
  test('a lock is as old as it is, is respected while it is renewed, and stale after its lease', async () => {
    const server = await startServer(faultServer);
    server.manners!.clockOffMs = offMs;
    const vfs = gcsVfs({ bucket: server.bucket, client: server.client(), conditionalDelete: 'native' });
    const file = new VfsFile(vfs, `clock ${String(offMs)}`);
    const holder = new Lockfile(file, { ttl: 2000 });
    await holder.acquire();
    await sleep(3500);
    const rival = new Lockfile(file);
    expect(await rival.isStale()).toBe(false);
    expect(await rival.tryAcquire()).toBe(false);
    expect(Math.abs((await rival.age())!)).toBeLessThan(60_000);
    expect(holder.held).toBe(true);
    expect(await holder.release()).toBe(true);
    const left = new Lockfile(file, { ttl: TTL_MS, renew: false });
    await left.acquire();
    await sleep(TTL_MS + 2200);
    expect(await rival.tryAcquire()).toBe(true);
    expect(rival.reclaimedFrom).toMatchObject({ reason: 'expired' });
    await rival.release();
    await server.dispose();
  });
});
