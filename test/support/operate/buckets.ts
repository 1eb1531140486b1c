import type { S3Client } from '@aws-sdk/client-s3';

import { gcsVfs } from '../../../src/backends/gcs/index.js';
import { s3Vfs } from '../../../src/backends/s3/index.js';
import type { Vfs } from '../../../src/index.js';
import { conditionalOnly, isLock } from '../../servers/buckets/policy.js';
import { answer as gcsAnswer } from '../../servers/gcs/answers.js';
import * as gcs from '../../servers/gcs/servers.js';
import { useServer as useGcs } from '../../servers/gcs/use-server.js';
import * as s3 from '../../servers/s3/servers.js';
import { useServer as useS3 } from '../../servers/s3/use-server.js';
import { answer, S3Proxy, type Fault } from '../http-proxy.js';
import { AgedVfs, type Ages } from './aged-vfs.js';
import type { Place, Store, StoreKind, Traits } from './stores.js';

const BUCKETS: Traits = {
  ...{ onDisk: false, hasFolders: false, nameBytes: 1024, refuses: /\0/ },
  ...{ promised: false, many: 100 },
};

/** Of all stores: callers of one process stand in line for a name, whichever server it is asked of. */
let places = 0;

/** Places in one bucket, and as many ways into it as are asked for. */
function placesIn(open: (bucket?: string) => Vfs): () => Place {
  const ages: Ages = new Map();
  const rival = (): AgedVfs => new AgedVfs(open(), ages);
  const vfs = rival();
  const nowhere = { vfs: open('no-such-bucket'), path: '' };
  return () => {
    const path = `place-${String((places += 1))}`;
    return { vfs, path, nowhere, rival, disk: undefined, age: (name, ms) => vfs.age(`${path}/${name}`, ms) };
  };
}

/** Every request goes by the proxy. `check` throws if it refused one. */
interface Policed {
  readonly endpoint: string;
  readonly check: () => void;
  readonly close: () => Promise<void>;
}

/** Puts a policy before a server that refuses changes of a lock without a condition on its version. */
async function policed(endpoint: string, denied: Fault): Promise<Policed> {
  const proxy = await S3Proxy.to(endpoint);
  const refused: string[] = [];
  proxy.fault = conditionalOnly(isLock, refused, denied);
  const check = (): void => {
    if (refused.length > 0) throw new Error(`changes without a condition: ${refused.join(', ')}`);
  };
  return { endpoint: proxy.endpoint, check, close: () => proxy.close() };
}

interface BucketKind {
  readonly traits?: Partial<Traits>;
  /** Whether a policy stands before the server. */
  readonly isPoliced?: boolean;
}

function s3Store(
  server: s3.S3Kind,
  conditionalDelete: 'native' | 'none',
  { traits = {}, isPoliced = false }: BucketKind = {},
): StoreKind {
  return {
    ...{ ...BUCKETS, ...traits, isPoliced },
    name: `${server.name}, conditionalDelete ${conditionalDelete}${isPoliced ? ', under a policy' : ''}`,
    lacking: s3.missing(server),
    start: async (): Promise<Store> => {
      const started = await useS3(server);
      const policy = isPoliced ? await policed(started.endpoint, answer(403, 'AccessDenied')) : undefined;
      const clients: S3Client[] = [];
      const open = (bucket = started.bucket): Vfs => {
        const client = started.client(policy ? { endpoint: policy.endpoint } : {});
        clients.push(client);
        return s3Vfs({ bucket, client, conditionalDelete });
      };
      const stop = async (): Promise<void> => {
        for (const client of clients) client.destroy();
        await policy?.close();
        await started.dispose();
        policy?.check();
      };
      return { place: placesIn(open), stop };
    },
  };
}

function gcsStore(server: gcs.GcsKind, { isPoliced = false }: BucketKind = {}): StoreKind {
  return {
    ...{ ...BUCKETS, isPoliced },
    refuses: /[\r\n]/,
    name: `${server.name}${isPoliced ? ', under a policy' : ''}`,
    lacking: gcs.missing(server),
    start: async (): Promise<Store> => {
      const started = await useGcs(server);
      const policy = isPoliced ? await policed(started.endpoint, gcsAnswer(403, 'AccessDenied')) : undefined;
      const client = () => started.client(policy ? { apiEndpoint: policy.endpoint } : {});
      const open = (bucket = started.bucket): Vfs => gcsVfs({ bucket, client: client() });
      const stop = async (): Promise<void> => {
        await policy?.close();
        await started.dispose();
        policy?.check();
      };
      return { place: placesIn(open), stop };
    },
  };
}

/** Gives locks back by tombstones. */
export const ceph = s3Store(s3.ceph, 'none');

/** Removes by version. It takes no names longer than those of a disk. */
export const seaweed = s3Store(s3.seaweed, 'native', { traits: { nameBytes: 255 } });

/** Gives locks back by tombstones. */
export const fakeGcs = gcsStore(gcs.fakeGcs);

/** The same servers, where a change of a lock that has no condition on its version is refused. */
export const policedCeph = s3Store(s3.ceph, 'none', { isPoliced: true });
export const policedSeaweed = s3Store(s3.seaweed, 'native', { traits: { nameBytes: 255 }, isPoliced: true });
export const policedGcs = gcsStore(gcs.fakeGcs, { isPoliced: true });
