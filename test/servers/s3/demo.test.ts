import { describe } from 'vitest';

import { s3Vfs } from '../../../src/backends/s3/index.js';
import { programs, type Bucket } from '../../support/cli/programs.js';
import { missing, servers, type S3Kind } from './servers.js';
import { useServer } from './use-server.js';

async function open(kind: S3Kind): Promise<Bucket> {
  const server = await useServer(kind);
  const { endpoint, bucket, credentials } = server;
  const client = server.client();
  return {
    uri: `s3://${bucket}`,
    missing: 's3://no-such-bucket',
    env: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    vfs: s3Vfs({ bucket, client }),
    dispose: async () => {
      client.destroy();
      await server.dispose();
    },
  };
}

for (const kind of servers) {
  const lacking = missing(kind);
  describe.skipIf(lacking !== undefined)(`programs on ${kind.name}${lacking ? `: ${lacking}` : ''}`, () => {
    programs(() => open(kind));
  });
}
