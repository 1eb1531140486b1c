import { inject } from 'vitest';

import type { Gateway } from './ceph.js';
import { withBucket, type S3Kind, type S3Server } from './servers.js';

/** The server that all tests of a run share, with a bucket of its own for whoever asks, and more gateways where it has such. */
export interface SharedS3Server extends S3Server {
  gateway(wrapper?: readonly string[]): Promise<Gateway>;
}

export async function useServer(kind: S3Kind): Promise<SharedS3Server> {
  const shared = inject('s3')[kind.name];
  if (!shared) throw new Error(`${kind.name} was not started`);
  const gateways: Gateway[] = [];
  const gateway = async (wrapper?: readonly string[]): Promise<Gateway> => {
    if (!kind.gateway) throw new Error(`${kind.name} has no gateways`);
    const started = await kind.gateway(shared.home, wrapper);
    gateways.push(started);
    return started;
  };
  const dispose = async (): Promise<void> => {
    for (const each of gateways) await each.stop('SIGKILL');
  };
  const { endpoint, credentials } = shared;
  return { ...(await withBucket({ endpoint, credentials, stop: dispose, dispose })), gateway };
}
