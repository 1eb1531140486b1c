import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CreateBucketCommand, PutBucketVersioningCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';

import { areThere, lacks } from '../../support/needs.js';
import { CEPH_FILES, startCluster, startGateway, type Cluster, type Gateway } from './ceph.js';
import { SEAWEED_FILES, startSeaweed } from './seaweed.js';

/** A server that other people wrote, and how it comes to be here. */
export interface S3Kind {
  readonly name: string;
  /** Files that are there where it is installed. */
  readonly needs: readonly string[];
  readonly start: (home: string) => Promise<Started>;
  /** Starts one more way into a server that was started with this folder, where it has such. */
  readonly gateway?: (home: string, wrapper?: readonly string[]) => Promise<Gateway>;
  /** Whether its conditional DELETE excludes in buckets without versions, so that it may be declared native there. */
  readonly removes: boolean;
  /** Whether it keeps conditions in buckets with versions, too. */
  readonly versions: boolean;
  /** Whether it distinguishes a key that begins with slashes from the same key without them. */
  readonly slashes: boolean;
  /** Cases of the conformance suite that it cannot pass, and why. */
  readonly fails: Readonly<Record<string, string>>;
}

export interface Started {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly cluster?: Cluster;
  stop(): Promise<void>;
}

/** A server that runs, and a bucket of it that nobody else uses. */
export interface S3Server extends Started {
  readonly bucket: string;
  /** A client of its own connections. */
  client(config?: S3ClientConfig): S3Client;
  dispose(): Promise<void>;
}

export const ceph: S3Kind = {
  name: 'Ceph RGW',
  needs: CEPH_FILES,
  start: async (home) => {
    const cluster = await startCluster(home);
    const [gateway] = cluster.gateways;
    return {
      endpoint: gateway!.endpoint,
      credentials: cluster.credentials,
      cluster,
      stop: () => cluster.stop(),
    };
  },
  gateway: startGateway,
  removes: false,
  versions: false,
  slashes: true,
  fails: {},
};

export const seaweed: S3Kind = {
  name: 'SeaweedFS',
  needs: SEAWEED_FILES,
  start: startSeaweed,
  removes: true,
  versions: true,
  slashes: false,
  fails: {
    'a name is used unchanged: with blanks, percent signs, quotes, other scripts or dots':
      'takes a backslash for a slash',
    'the longest name that check accepts can be written, created, replaced and removed': 'takes names of 255 bytes',
  },
};

export const servers: readonly S3Kind[] = [ceph, seaweed];

/** Undefined: the server can be started. Else why its tests are skipped, which is an error where it was promised. */
export function missing({ name, needs }: S3Kind): string | undefined {
  return areThere(needs) ? undefined : lacks(name);
}

/** Starts a server for one test file alone, which may stop or break it. Else see `useServer`. */
export async function startServer(kind: S3Kind): Promise<S3Server> {
  const home = mkdtempSync(join(tmpdir(), 'vfs-lockfile-s3-'));
  try {
    const started = await kind.start(home);
    const dispose = async (): Promise<void> => {
      await started.stop();
      rmSync(home, { recursive: true, force: true });
    };
    return await withBucket({ ...started, dispose });
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
}

/** Makes a bucket with a name that no other test has: callers of one process queue by the names of their files. */
export async function withBucket(server: Omit<S3Server, 'bucket' | 'client'>): Promise<S3Server> {
  const { endpoint, credentials } = server;
  const client = (config: S3ClientConfig = {}): S3Client => clientOf({ endpoint, credentials, ...config });
  const bucket = `locks-${randomUUID().slice(0, 8)}`;
  await createBucket(client(), bucket);
  return { ...server, bucket, client };
}

/** Makes one more bucket, which keeps versions. */
export async function versionedBucket(server: S3Server): Promise<string> {
  const Bucket = `${server.bucket}-versioned`;
  const admin = server.client();
  await createBucket(admin, Bucket);
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await admin.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  return Bucket;
}

async function createBucket(admin: S3Client, Bucket: string): Promise<void> {
  await admin.send(new CreateBucketCommand({ Bucket }));
}

export function clientOf(config: S3ClientConfig): S3Client {
  return new S3Client({ region: 'us-east-1', forcePathStyle: true, ...config });
}
