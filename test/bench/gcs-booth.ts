import { gcsVfs } from 'vfs-lockfile/gcs';

import { fakeGcs, missing, startServer } from '../servers/gcs/servers.js';
import { S3Proxy } from '../support/http-proxy.js';
import type { Booth, BoothKind } from './cloud-child.js';
import { RECORD } from './record.js';

export const gcsBooths: readonly BoothKind[] = [{ name: fakeGcs.name, missing: missing(fakeGcs), open, crowded: true }];

async function open(): Promise<Booth> {
  const server = await startServer(fakeGcs);
  const proxy = await S3Proxy.to(server.endpoint);
  const { bucket } = server;
  const client = server.client({ apiEndpoint: proxy.endpoint });
  const file = (name: string) => client.bucket(bucket).file(name);
  const put = (name: string): Promise<unknown> => file(name).save(RECORD, { resumable: false });
  const common = { bucket, prefix: 'bench/' };
  return {
    name: fakeGcs.name,
    proxy,
    vfs: gcsVfs({ ...common, client }),
    aside: gcsVfs({ ...common, client: server.client() }),
    put: () => put('plain'),
    anchors: {
      'acquire as the Go library does': async () => {
        await file('go.lock').exists();
        await put('go.lock.tmp');
        await file('go.lock.tmp').copy(file('go.lock'));
        await file('go.lock.tmp').delete();
      },
      'release as the Go library does': () => file('go.lock').delete(),
    },
    store: JSON.stringify({ kind: 'gcs', ...common }),
    env: { STORAGE_EMULATOR_HOST: proxy.endpoint },
    close: async () => {
      await proxy.close();
      await server.dispose();
    },
  };
}
