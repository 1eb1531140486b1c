import { PutObjectCommand } from '@aws-sdk/client-s3';

import { s3Vfs } from '../../../src/backends/s3/index.js';
import type { BucketServer, BucketStore, Wire } from '../buckets/store.js';
import { answer, answerAfter } from '../../support/http-proxy.js';
import { missing, servers, type S3Kind } from './servers.js';
import { useServer, type SharedS3Server } from './use-server.js';

const wire: Wire = {
  write: 'PUT',
  found: 'GET 200',
  answer,
  answerAfter,
  misleading: [
    [409, 'ConditionalRequestConflict'],
    [500, 'InternalError'],
    [503, 'SlowDown'],
    [504, 'GatewayTimeout'],
  ],
  passing: [
    [409, 'ConditionalRequestConflict'],
    [429, 'TooManyRequests'],
    [500, 'InternalError'],
    [503, 'SlowDown'],
  ],
  conditionFailed: [412, 'PreconditionFailed'],
  unavailable: [503, 'SlowDown'],
  unavailableInWords: '503 SlowDown',
  credentialsExpired: [400, 'ExpiredToken'],
  noBucket: [404, 'NoSuchBucket'],
};

/** The same server, with what belongs to S3. */
export type S3BucketServer = BucketServer & SharedS3Server;

export async function startBucket(kind: S3Kind): Promise<S3BucketServer> {
  const server = await useServer(kind);
  const { bucket, endpoint, credentials } = server;
  return {
    ...server,
    open: ({ endpoint: by, ...options }) => {
      return s3Vfs({ ...options, bucket, client: server.client(by === undefined ? {} : { endpoint: by }) });
    },
    env: {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_ENDPOINT_URL: endpoint,
      NODE_NO_WARNINGS: '1',
    },
    putKey: (Key) => server.client().send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x' })),
  };
}

export function bucketStore(kind: S3Kind): BucketStore {
  return {
    name: kind.name,
    lacking: missing(kind),
    native: kind.removes,
    ways: kind.removes ? ['none', 'native'] : ['none'],
    slashes: false,
    wire,
    start: () => startBucket(kind),
  };
}

export const bucketStores: readonly BucketStore[] = servers.map(bucketStore);
