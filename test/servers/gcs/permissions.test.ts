import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { gcsVfs, type GcsVfs } from '../../../src/backends/gcs/index.js';
import { LOCK_PERMISSIONS } from '../../../src/backends/gcs/conditional.js';
import { Lockfile, VfsFile } from '../../../src/index.js';
import { S3Proxy } from '../../support/http-proxy.js';
import { answer } from './answers.js';
import { faultServer, startServer, type GcsServer } from './servers.js';

const [GET, LIST, CREATE, DELETE] = ['get', 'list', 'create', 'delete'].map((each) => `storage.objects.${each}`);

describe('what is not permitted', () => {
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
  afterAll(async () => {
    await proxy.close();
    await server.dispose();
  });

  type Try = readonly [verb: string, call: () => Promise<unknown>, permissions: readonly (string | undefined)[]];
  const data = Buffer.from('');
  const tries: readonly Try[] = [
    ['read', () => vfs.read('a'), [GET, LIST]],
    ['read', () => vfs.readStream('a').toArray(), [GET, LIST]],
    ['stat', () => vfs.stat('a'), [GET, LIST]],
    ['list', () => vfs.list('').next(), [LIST]],
    ['create', () => vfs.create('a', data), [CREATE]],
    ['replace', () => vfs.replace('a', '1' as never, data), [CREATE, DELETE]],
    ['write', () => vfs.write('a', data), [CREATE, DELETE]],
    ['write', () => vfs.write('a', [Buffer.alloc(9_000_000)] as never), [CREATE, DELETE]],
    ['remove', () => vfs.remove('a', '1' as never), [DELETE]],
    ['delete', () => vfs.delete('a'), [DELETE]],
    ['move', () => vfs.move('a', 'b'), [GET, LIST, CREATE, DELETE]],
  ];

  test.each(tries)(
    'is named when it comes to %s, with the least role that would do',
    async (verb, call, permissions) => {
      const said = `me@example.com does not have ${permissions[0]!} access to the Google Cloud Storage object.`;
      proxy.fault = () => answer(403, said);
      const error: unknown = await call().catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'ERR_VFS_DENIED', effect: 'none' });
      expect(String(error)).toContain(`cannot ${verb} gs://locks/`);
      expect(String(error)).toContain(said);
      expect(String(error)).toMatch(
        new RegExp(`the least role for this permits ${permissions.join(', ')} on gs://locks$`),
      );
    },
  );

  test.each([
    "Object 'locks/data.csv.lock' is subject to bucket's retention policy and cannot be deleted, overwritten or archived until 2031-09-20T12:18:15.93713-07:00",
    "Object 'locks/data.csv.lock' is under active Event-Based hold and cannot be deleted, overwritten or archived until hold is removed.",
  ])('because the bucket keeps what it has is no matter of permissions: %s', async (said) => {
    proxy.fault = undefined;
    const lock = new Lockfile(new VfsFile(vfs, 'kept'), { renew: false });
    await lock.acquire();
    proxy.fault = ({ method }) => (method === 'GET' ? undefined : answer(403, said));
    const renewing: unknown = await lock.renew().catch((e: unknown) => e);
    const releasing: unknown = await lock.release().catch((e: unknown) => e);
    for (const error of [renewing, releasing]) {
      expect(error).toMatchObject({ code: 'ERR_VFS_DENIED', effect: 'none' });
      expect(String(error)).toContain(said);
      expect(String(error)).toContain('a retention policy or a hold forbids to overwrite and to delete');
      expect(String(error)).not.toContain('least role');
    }
    proxy.fault = undefined;
    expect(await lock.release()).toBe(true);
  });

  test('is little: the role in docs/stores/gcs.md is what a lock needs, no more', async () => {
    const page = await readFile(join(import.meta.dirname, '..', '..', '..', 'docs', 'stores', 'gcs.md'), 'utf8');
    const [, role = ''] = /```yaml\n(title: Lock user\n.*?)```/s.exec(page) ?? [];
    expect([...role.matchAll(/^ {2}- (.*)$/gm)].map(([, each]) => each).sort()).toEqual([...LOCK_PERMISSIONS].sort());
  });
});
