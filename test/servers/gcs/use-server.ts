import { randomUUID } from 'node:crypto';

import { inject } from 'vitest';

import { fakeGcs, startServer, withBucket, type GcsKind, type GcsServer } from './servers.js';

/** The server that all tests of a run share, with a bucket of its own for whoever asks. The fault server is never shared. */
export async function useServer(kind: GcsKind): Promise<GcsServer> {
  if (kind.name !== fakeGcs.name) return startServer(kind);
  const endpoint = inject('gcs');
  if (endpoint === undefined) throw new Error(`${kind.name} was not started`);
  const bucket = `locks-${randomUUID().slice(0, 8)}`;
  return withBucket(kind, { endpoint, bucket, dispose: () => Promise.resolve() });
}
