import { Storage, type StorageOptions } from '@google-cloud/storage';

import { areThere, lacks } from '../../support/needs.js';
import { FAKE_GCS_FILES, startFakeGcs } from './fake-gcs.js';
import { FaultServer, type Manners } from './fault-server.js';
import { kept as whatKeeps } from './kept.js';

/** A server that other people wrote, and how it comes to be here. */
export interface GcsKind {
  readonly name: string;
  /** Files that are there where it is installed. */
  readonly needs: readonly string[];
  readonly start: () => Promise<Started>;
  /** Whether its DELETE and its copies keep conditions, so that it may be declared native. */
  readonly removes: boolean;
}

/** The conditions that the tests rely on. Each start checks that the server keeps them. */
function reliedOn({ removes }: GcsKind): readonly string[] {
  return ['media', 'multipart', 'resumable', ...(removes ? ['delete', 'copy'] : [])];
}

export interface Started {
  readonly endpoint: string;
  /** How it misbehaves, where it can be brought to. */
  readonly manners?: Manners;
  /** How many uploads were begun and are neither complete nor cancelled, where the server reports it. */
  readonly uploadsLeft?: () => number;
  stop(): Promise<void>;
}

/** A server that runs, and a bucket of it. */
export interface GcsServer extends Omit<Started, 'stop'> {
  readonly bucket: string;
  /** The kinds of request whose conditions it keeps. */
  readonly kept: readonly string[];
  client(options?: StorageOptions): Storage;
  dispose(): Promise<void>;
}

export const fakeGcs: GcsKind = {
  name: 'fake-gcs-server',
  needs: FAKE_GCS_FILES,
  start: startFakeGcs,
  // Releases up to 1.56.1 ignore the condition of a DELETE and of a copy (#2343), and nothing here rests on those.
  removes: false,
};

/** Our own, for what the others cannot be brought to do. It shows nothing about exclusion, since it does one thing at a time. */
export const faultServer: GcsKind = {
  name: 'the fault server',
  needs: [],
  start: async () => {
    const server = await FaultServer.start();
    const { endpoint, manners } = server;
    return { endpoint, manners, uploadsLeft: () => server.uploadsLeft, stop: () => server.stop() };
  },
  removes: true,
};

export const servers: readonly GcsKind[] = [fakeGcs, faultServer];

/** Undefined: the server can be started. Else why its tests are skipped, which is an error where it was promised. */
export function missing({ name, needs }: GcsKind): string | undefined {
  return areThere(needs) ? undefined : lacks(name);
}

/** Starts a server for one test file alone, which may stop or break it. Else see `useServer`. */
export async function startServer(kind: GcsKind): Promise<GcsServer> {
  const running = await kind.start();
  const stop = (): Promise<void> => running.stop();
  try {
    return await withBucket(kind, { ...running, bucket: 'locks', dispose: stop });
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Makes the bucket, and tries that the server keeps the conditions that the tests rely on. */
export async function withBucket(kind: GcsKind, server: Omit<GcsServer, 'client' | 'kept'>): Promise<GcsServer> {
  const { endpoint, bucket } = server;
  const client = (options: StorageOptions = {}): Storage =>
    new Storage({ projectId: 'tests', apiEndpoint: endpoint, ...options });
  await client().createBucket(bucket);
  const kept = await whatKeeps(endpoint, bucket);
  const broken = reliedOn(kind).filter((each) => !kept.includes(each));
  if (broken.length > 0) throw new Error(`${kind.name} does not keep the conditions of ${broken.join(', ')}`);
  return { ...server, kept, client };
}
