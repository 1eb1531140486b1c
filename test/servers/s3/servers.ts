import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CreateBucketCommand, PutBucketVersioningCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';

import { areThere, lacks } from '../../support/needs.js';
import { CEPH_FILES, startCluster, type Cluster } from './ceph.js';
import { SEAWEED_FILES, startSeaweed } from './seaweed.js';

/** A server that other people wrote, and how it comes to be here. */
export interface S3Kind {
  readonly name: string;
  /** Files that are there where it is installed. */
  readonly needs: readonly string[];
  readonly start: (home: string) => Promise<Started>;
  /** Whether its conditional DELETE excludes in buckets without versions, so that it may be declared native there. */
  readonly removes: boolean;
  /** Whether it keeps conditions in buckets with versions, too. */
  readonly versions: boolean;
  /** Whether it tells a key that begins with slashes from the same one without them. */
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

/** A server that runs, and a bucket of it. There is another one, `versioned`. */
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

export async function startServer(kind: S3Kind): Promise<S3Server> {
  const home = mkdtempSync(join(tmpdir(), 'vfs-lockfile-s3-'));
  try {
    const started = await kind.start(home);
    const { endpoint, credentials } = started;
    const bucket = 'locks';
    const client = (config: S3ClientConfig = {}): S3Client => clientOf({ endpoint, credentials, ...config });
    const admin = client();
    await admin.send(new CreateBucketCommand({ Bucket: bucket }));
    await admin.send(new CreateBucketCommand({ Bucket: 'versioned' }));
    const versions = { VersioningConfiguration: { Status: 'Enabled' } } as const;
    await admin.send(new PutBucketVersioningCommand({ Bucket: 'versioned', ...versions }));
    admin.destroy();
    const dispose = async (): Promise<void> => {
      await started.stop();
      rmSync(home, { recursive: true, force: true });
    };
    return { ...started, bucket, client, dispose };
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
}

export function clientOf(config: S3ClientConfig): S3Client {
  return new S3Client({ region: 'us-east-1', forcePathStyle: true, ...config });
}
