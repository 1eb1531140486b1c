import type { S3Client } from '@aws-sdk/client-s3';

import { gcsVfs } from '../../../src/backends/gcs/index.js';
import { s3Vfs } from '../../../src/backends/s3/index.js';
import type { Vfs } from '../../../src/index.js';
import * as gcs from '../../servers/gcs/servers.js';
import { useServer as useGcs } from '../../servers/gcs/use-server.js';
import * as s3 from '../../servers/s3/servers.js';
import { useServer as useS3 } from '../../servers/s3/use-server.js';
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

function s3Store(server: s3.S3Kind, conditionalDelete: 'native' | 'none', traits: Partial<Traits> = {}): StoreKind {
  return {
    ...{ ...BUCKETS, ...traits },
    name: `${server.name}, conditionalDelete ${conditionalDelete}`,
    lacking: s3.missing(server),
    start: async (): Promise<Store> => {
      const started = await useS3(server);
      const clients: S3Client[] = [];
      const open = (bucket = started.bucket): Vfs => {
        const client = started.client();
        clients.push(client);
        return s3Vfs({ bucket, client, conditionalDelete });
      };
      const stop = async (): Promise<void> => {
        for (const client of clients) client.destroy();
        await started.dispose();
      };
      return { place: placesIn(open), stop };
    },
  };
}

function gcsStore(server: gcs.GcsKind): StoreKind {
  return {
    ...BUCKETS,
    refuses: /[\r\n]/,
    name: server.name,
    lacking: gcs.missing(server),
    start: async (): Promise<Store> => {
      const started = await useGcs(server);
      const open = (bucket = started.bucket): Vfs => gcsVfs({ bucket, client: started.client() });
      return { place: placesIn(open), stop: () => started.dispose() };
    },
  };
}

/** Gives locks back by tombstones. */
export const ceph = s3Store(s3.ceph, 'none');

/** Removes by version. It takes no names longer than those of a disk. */
export const seaweed = s3Store(s3.seaweed, 'native', { nameBytes: 255 });

/** Gives locks back by tombstones. */
export const fakeGcs = gcsStore(gcs.fakeGcs);
