import { describe, expect, test } from 'vitest';

import { gcsVfs, type GcsVfs } from '../../../../src/backends/gcs/index.js';

/** A store that answers every request by this. */
function storeOf(body: object): GcsVfs {
  const request = (_options: object, done: (error: null, body: object, response: object) => void): void =>
    done(null, body, { statusCode: 200, headers: {} });
  return gcsVfs({ bucket: 'locks', client: { apiEndpoint: 'http://store.example', request } });
}

describe('F7: an answer that lacks what Google always sends', () => {
  const updated = '2026-11-20T23:43:35Z';

  test('has the size 0 where it has none', async () => {
    expect(await storeOf({ generation: '1', updated }).stat('a')).toMatchObject({ size: 0, version: '1' });
  });

  test('is an error with a code where its time is what was asked for', async () => {
    await expect(storeOf({ generation: '1', size: '7' }).stat('a')).rejects.toMatchObject({
      code: 'ERR_VFS_IO',
      message: expect.stringContaining('no modification time') as string,
    });
  });

  test('is an error with a code where it has no version', async () => {
    await expect(storeOf({ updated, size: '7' }).stat('a')).rejects.toMatchObject({
      code: 'ERR_VFS_IO',
      message: expect.stringContaining('no generation') as string,
    });
  });

  test('is the same in a listing', async () => {
    const reading = async (body: object): Promise<unknown[]> => {
      const found: unknown[] = [];
      for await (const entry of storeOf({ items: [body] }).list('')) found.push(entry);
      return found;
    };
    expect(await reading({ name: 'a', updated })).toMatchObject([{ path: 'a', size: 0 }]);
    await expect(reading({ name: 'a', size: '7' })).rejects.toMatchObject({ code: 'ERR_VFS_IO' });
  });
});
