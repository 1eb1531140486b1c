import { CreateBucketCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { s3Vfs } from '../../../src/backends/s3/index.js';
import { Lockfile, VfsFile, type Vfs } from '../../../src/index.js';
import { decodeRecord } from '../../../src/lock/model/record.js';
import { Elsewhere } from '../../support/stores/elsewhere.js';
import { missing, servers, type S3Server } from './servers.js';
import { useServer } from './use-server.js';

const REFUSED = { code: 'ERR_VFS_UNSUPPORTED', effect: 'none' };

for (const kind of servers) {
  const lacking = missing(kind);
  describe.skipIf(lacking !== undefined)(
    `buckets with versions of ${kind.name}${lacking ? `: ${lacking}` : ''}`,
    () => {
      let server: S3Server;
      let serial = 0;
      beforeAll(async () => {
        server = await useServer(kind);
      });
      afterAll(() => server.dispose());

      async function newBucket(): Promise<string> {
        // Not a name of the other server: the locks of this process queue by them.
        const Bucket = `bucket-${String(servers.indexOf(kind))}-${String((serial += 1))}`;
        await server.client().send(new CreateBucketCommand({ Bucket }));
        return Bucket;
      }

      async function keepVersions(Bucket: string, Status: 'Enabled' | 'Suspended' = 'Enabled'): Promise<void> {
        await server.client().send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
      }

      const ways = kind.removes ? (['none', 'native'] as const) : (['none'] as const);

      describe.each(ways)('conditional delete: %s', (conditionalDelete) => {
        const door = (bucket: string): Vfs => s3Vfs({ bucket, client: server.client(), conditionalDelete });
        const on = (vfs: Vfs): Lockfile => new Lockfile(new VfsFile(vfs, 'a'), { renew: false });

        async function goesRound(vfs: Vfs, other: Vfs): Promise<void> {
          for (let round = 0; round < 3; round += 1) {
            const [holder, rival] = round % 2 === 0 ? [on(vfs), on(other)] : [on(other), on(vfs)];
            await holder.acquire({ wait: 0 });
            expect(await rival.tryAcquire()).toBe(false);
            await holder.renew();
            expect(await holder.release()).toBe(true);
          }
        }

        if (kind.versions) {
          test('a lock goes round over versions and delete markers', async () => {
            const bucket = await newBucket();
            await keepVersions(bucket);
            await goesRound(door(bucket), new Elsewhere(door(bucket)));
          });

          test('versions that are turned on while a lock is held change nothing', async () => {
            const bucket = await newBucket();
            const [vfs, other] = [door(bucket), new Elsewhere(door(bucket))];
            await goesRound(vfs, other);
            const holder = on(vfs);
            await holder.acquire({ wait: 0 });
            await keepVersions(bucket);
            await holder.renew();
            expect(await on(other).tryAcquire()).toBe(false);
            expect(await holder.release()).toBe(true);
            await goesRound(vfs, other);
          });
          return;
        }

        test('the proof finds that it ignores the conditions of a create there, and no lock is given out', async () => {
          const bucket = await newBucket();
          await keepVersions(bucket);
          await expect(on(door(bucket)).acquire()).rejects.toMatchObject(REFUSED);
        });

        test('versions that are turned on while a lock is held let nobody else in, even who had proof before', async () => {
          const bucket = await newBucket();
          const [vfs, other] = [door(bucket), new Elsewhere(door(bucket))];
          await goesRound(vfs, other);
          const holder = on(vfs);
          await holder.acquire({ wait: 0 });
          await keepVersions(bucket);
          // As if it had read nothing: its create goes through.
          await expect(other.create('a.lock', Buffer.from('theirs'))).rejects.toMatchObject(REFUSED);
          const { data } = (await vfs.read('a.lock'))!;
          expect(decodeRecord(data)).toMatchObject({ lockId: holder.record?.lockId });
          const tried = on(other).tryAcquire();
          // Where tombstones are expected the lock file is read first, and says that somebody holds the lock.
          if (conditionalDelete === 'none') expect(await tried).toBe(false);
          else await expect(tried).rejects.toMatchObject(REFUSED);
        });

        test('once they are suspended it keeps conditions again', async () => {
          const bucket = await newBucket();
          await keepVersions(bucket);
          const vfs = door(bucket);
          await expect(on(vfs).acquire()).rejects.toMatchObject(REFUSED);
          await keepVersions(bucket, 'Suspended');
          await goesRound(vfs, new Elsewhere(door(bucket)));
        });
      });
    },
  );
}
