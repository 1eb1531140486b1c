import type { Storage } from '@google-cloud/storage';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { openFile, withLock } from '../../../src/index.js';
import { fakeGcs, missing, type GcsServer } from './servers.js';
import { useServer } from './use-server.js';

const lacking = missing(fakeGcs);
/** The longest that still has room for the name of its lock. */
const LONGEST = `${'é'.repeat(300)}/${'k'.repeat(1024 - 601 - '.lock'.length)}`;

describe.skipIf(lacking !== undefined)(`gs URIs, on fake-gcs-server${lacking ? `: ${lacking}` : ''}`, () => {
  let server: GcsServer;
  let objects: ReturnType<Storage['bucket']>;

  beforeAll(async () => {
    server = await useServer(fakeGcs);
    // The SDK's own requests go elsewhere once there is an emulator in the environment.
    objects = server.client().bucket(server.bucket);
    process.env.STORAGE_EMULATOR_HOST = server.endpoint;
  });
  afterAll(async () => {
    delete process.env.STORAGE_EMULATOR_HOST;
    await server.dispose();
  });

  test.each([
    ['in%20box/100%25+.csv', 'in box/100%+.csv'],
    ['a+b&c=d;e', 'a+b&c=d;e'],
    ['what%3F%23%5B%5D@x', 'what?#[]@x'],
    ["it's (1)!*~$,.csv", "it's (1)!*~$,.csv"],
    ['日本語/%F0%9F%94%92', '日本語/🔒'],
    ['%7B%7BprojectId%7D%7D/back%5Cslash', '{{projectId}}/back\\slash'],
    ['/leading', '/leading'],
    ['//two', '//two'],
    ['a%2Fb', 'a/b'],
    [encodeURI(LONGEST), LONGEST],
  ])('gs://locks/%s is an object that can be locked, written, moved and found again', async (written, key) => {
    const uri = `gs://${server.bucket}/${written}`;
    const exists = async (name: string): Promise<boolean> => (await objects.file(name).exists())[0];
    const file = await openFile(uri);
    expect(String(await openFile(String(file)))).toBe(String(file));
    await withLock(uri, async (locked) => {
      const [{ cacheControl }] = await objects.file(`${key}.lock`).getMetadata();
      // Else a cache may go on serving what all may read for an hour.
      expect(cacheControl).toBe('no-store');
      await locked.write('content');
    });
    expect(await exists(key)).toBe(true);
    expect(String((await file.read()).data)).toBe('content');
    const moved = await file.move('moved');
    expect(await exists(key)).toBe(false);
    expect(await moved.delete()).toBe(true);
  });

  test('a name too long for its lock is refused before any I/O, and the limit named', async () => {
    const longer = `gs://${server.bucket}/${'k'.repeat(1024 - '.lock'.length + 1)}`;
    const error: unknown = await withLock(longer, () => undefined).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'ERR_VFS_PATH' });
    expect(String(error)).toContain('1025 bytes (lock suffixes included), and the store takes 1024');
    await expect(openFile(`gs://${server.bucket}/${'k'.repeat(1025)}`)).rejects.toMatchObject({ code: 'ERR_VFS_PATH' });
  });
});
