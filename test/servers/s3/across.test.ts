import { describe } from 'vitest';

import { s3Vfs } from '../../../src/backends/s3/index.js';
import { acrossSuite, type Remote } from '../../support/suites/across.js';
import { ceph, missing } from './servers.js';
import { useServer } from './use-server.js';

async function open(): Promise<Remote> {
  const server = await useServer(ceph);
  const { accessKeyId, secretAccessKey } = server.credentials;
  const client = server.client();
  return {
    uri: `s3://${server.bucket}/across`,
    env: {
      AWS_ENDPOINT_URL: server.endpoint,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    },
    ...{ vfs: s3Vfs({ bucket: server.bucket, client }), path: 'across' },
    dispose: async () => {
      client.destroy();
      await server.dispose();
    },
  };
}

const lacking = missing(ceph);
describe.skipIf(lacking !== undefined)(
  `commands across processes on ${ceph.name}${lacking ? `: ${lacking}` : ''}`,
  () => {
    acrossSuite(open, 6);
  },
);
