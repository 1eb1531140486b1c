import { CopyObjectCommand, DeleteObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { s3Vfs } from 'vfs-lockfile/s3';

import { S3Proxy } from '../support/http-proxy.js';
import { ceph, missing, seaweed, startServer, type S3Kind } from '../servers/s3/servers.js';
import type { Booth, BoothKind } from './cloud-child.js';
import { RECORD } from './record.js';

type Way = 'none' | 'native';

export const s3Booths: readonly BoothKind[] = [
  { name: 'Ceph RGW', missing: missing(ceph), open: () => open(ceph, 'none'), crowded: true },
  { name: 'SeaweedFS, native', missing: missing(seaweed), open: () => open(seaweed, 'native'), crowded: false },
];

async function open(kind: S3Kind, conditionalDelete: Way): Promise<Booth> {
  const server = await startServer(kind);
  const proxy = await S3Proxy.to(server.endpoint);
  const [client, other] = [server.client({ endpoint: proxy.endpoint }), server.client()];
  const { bucket, credentials } = server;
  const on = (Key: string) => ({ Bucket: bucket, Key });
  const common = { bucket, prefix: 'bench/', conditionalDelete };
  return {
    name: kind.name,
    proxy,
    vfs: s3Vfs({ ...common, client }),
    aside: s3Vfs({ ...common, client: other }),
    put: () => client.send(new PutObjectCommand({ ...on('plain'), Body: RECORD })),
    anchors: {
      'acquire as the Go library does': async () => {
        await client.send(new HeadObjectCommand(on('go.lock'))).catch(() => undefined);
        await client.send(new PutObjectCommand({ ...on('go.lock.tmp'), Body: RECORD }));
        await client.send(new CopyObjectCommand({ ...on('go.lock'), CopySource: `${bucket}/go.lock.tmp` }));
        await client.send(new DeleteObjectCommand(on('go.lock.tmp')));
      },
      'release as the Go library does': () => client.send(new DeleteObjectCommand(on('go.lock'))),
    },
    store: JSON.stringify({ kind: 's3', ...common }),
    env: {
      AWS_ENDPOINT_URL: proxy.endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    close: async () => {
      client.destroy();
      other.destroy();
      await proxy.close();
      await server.dispose();
    },
  };
}
