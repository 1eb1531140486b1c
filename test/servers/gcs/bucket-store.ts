import { gcsVfs } from '../../../src/backends/gcs/index.js';
import type { BucketServer, BucketStore, Wire } from '../buckets/store.js';
import { answer, answerAfter } from './answers.js';
import { missing, servers, type GcsKind, type GcsServer } from './servers.js';
import { useServer } from './use-server.js';

const wire: Wire = {
  write: 'POST',
  found: 'GET 206',
  answer,
  answerAfter,
  misleading: [
    [408, 'requestTimeout'],
    [500, 'backendError'],
    [503, 'backendError'],
    [504, 'gatewayTimeout'],
  ],
  passing: [
    [429, 'rateLimitExceeded'],
    [500, 'backendError'],
    [503, 'backendError'],
  ],
  conditionFailed: [412, 'conditionNotMet'],
  unavailable: [503, 'backendError'],
  unavailableInWords: '503: backendError',
  credentialsExpired: [401, 'authError'],
  noBucket: [404, 'The specified bucket does not exist.'],
};

/** The same server, with what belongs to GCS. */
export type GcsBucketServer = BucketServer & GcsServer;

export async function startBucket(kind: GcsKind): Promise<GcsBucketServer> {
  const server = await useServer(kind);
  const { bucket, endpoint } = server;
  const uploads = `${endpoint}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=`;
  return {
    ...server,
    open: ({ endpoint: by, ...options }) => {
      return gcsVfs({ ...options, bucket, client: server.client(by === undefined ? {} : { apiEndpoint: by }) });
    },
    env: { STORAGE_EMULATOR_HOST: endpoint },
    putKey: (key) => fetch(uploads + encodeURIComponent(key), { method: 'POST', body: 'x' }),
  };
}

export function bucketStore(kind: GcsKind): BucketStore {
  const way = kind.removes ? 'native' : 'none';
  return {
    name: kind.name,
    lacking: missing(kind),
    native: kind.removes,
    ways: [way],
    slashes: true,
    wire,
    start: () => startBucket(kind),
  };
}

export const bucketStores: readonly BucketStore[] = servers.map(bucketStore);
