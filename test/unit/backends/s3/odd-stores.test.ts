import { describe, expect, test } from 'vitest';

import { s3Vfs } from '../../../../src/backends/s3/index.js';
import { refusal, Scripted, type Answer } from './scripted.js';

const DATA = Buffer.from('ours');
const REFUSED = refusal(412, 'PreconditionFailed');

/** A store that keeps the conditions of a PUT; `mayRemove` decides whether a DELETE is accepted. */
function storeOf(mayRemove: (present: string | undefined, wanted: string) => boolean) {
  const objects = new Map<string, string>();
  let serial = 0;
  const script = new Scripted(
    ({ method, path, headers }): Answer => {
      const present = objects.get(path);
      const wanted = headers['if-match'];
      if (method === 'DELETE') {
        if (wanted !== undefined && !mayRemove(present, wanted)) return REFUSED;
        objects.delete(path);
        return { status: 204 };
      }
      if (wanted === undefined ? present !== undefined : present !== wanted) return REFUSED;
      const etag = `"${String((serial += 1))}"`;
      objects.set(path, etag);
      return { status: 200, headers: { etag } };
    },
    { endpoint: 'http://store.example', forcePathStyle: true },
  );
  return { objects, vfs: s3Vfs({ bucket: 'locks', client: script.client, conditionalDelete: 'native' }) };
}

describe("F9: conditionalDelete: 'native' is tried before it is relied on", () => {
  test('and holds where one version is removed once', async () => {
    const { vfs } = storeOf((present, wanted) => present === wanted);
    expect(await vfs.create('a', DATA)).toBeDefined();
  });

  test.each([
    ['a delete of what is gone', (present?: string, wanted?: string) => present === wanted || present === undefined],
    ['a stale delete', () => true],
    ['a delete of the present version', () => false],
  ])('and is refused where the store is wrong about %s', async (_what, mayRemove) => {
    const { vfs, objects } = storeOf(mayRemove);
    await expect(vfs.create('a', DATA)).rejects.toMatchObject({ code: 'ERR_VFS_UNSUPPORTED', effect: 'none' });
    expect([...objects.keys()]).toEqual([]);
  });
});

describe('F7: an answer without Last-Modified', () => {
  const timeless = new Scripted(() => ({ status: 200, headers: { 'last-modified': undefined }, body: 'x' }));
  const vfs = s3Vfs({ bucket: 'locks', client: timeless.client });

  test('makes a store without a clock, whose locks are watched', async () => {
    expect(await vfs.read('a')).toMatchObject({ nowMs: undefined, modifiedMs: 0 });
  });

  test('is an error where the time is what was asked for', async () => {
    await expect(vfs.stat('a')).rejects.toMatchObject({
      code: 'ERR_VFS_IO',
      message: expect.stringContaining('no modification time') as string,
    });
  });
});
