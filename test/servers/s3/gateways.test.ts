import { randomUUID } from 'node:crypto';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { s3Vfs, type S3Vfs } from '../../../src/backends/s3/index.js';
import { Lockfile, VfsFile } from '../../../src/index.js';
import { decodeRecord } from '../../../src/lock/model/record.js';
import { Elsewhere } from '../../support/stores/elsewhere.js';
import { ceph, missing } from './servers.js';
import { useServer, type SharedS3Server } from './use-server.js';

const lacking = missing(ceph);
const ROUNDS = Number(process.env.S3_ROUNDS ?? 8);
const CLIENTS = 12;

describe.skipIf(lacking !== undefined)(`two gateways to one Ceph cluster${lacking ? `: ${lacking}` : ''}`, () => {
  let server: SharedS3Server;
  /** By turns over the one and the other. */
  let doors: readonly S3Vfs[];

  beforeAll(async () => {
    server = await useServer(ceph);
    const other = await server.gateway();
    const ends = [server.endpoint, other.endpoint];
    doors = Array.from({ length: CLIENTS }, (_, at) =>
      s3Vfs({ bucket: server.bucket, client: server.client({ endpoint: ends[at % 2]! }) }),
    );
    await Promise.all(doors.map((vfs) => vfs.create(`first use ${randomUUID()}`, Buffer.from('1'))));
  });
  afterAll(() => server.dispose());

  const contents = (who: number): Buffer => Buffer.from(`${String(who)} ${randomUUID()}`);

  test('of many who create one object over both, one wins, and its content stands', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const path = `created ${String(round)}`;
      const data = doors.map((_, who) => contents(who));
      const written = await Promise.all(doors.map((vfs, who) => vfs.create(path, data[who]!)));
      const winners = written.flatMap((each, who) => (each ? [who] : []));
      expect(winners).toHaveLength(1);
      const found = await doors[round % CLIENTS]!.read(path);
      expect(found).toMatchObject({ version: written[winners[0]!]!.version });
      expect(Buffer.from(found!.data)).toEqual(data[winners[0]!]);
    }
  });

  test('of many who overwrite one version over both, one wins, and its content stands', async () => {
    let version = (await doors[0]!.create('overwritten', contents(0)))!.version;
    for (let round = 0; round < ROUNDS; round += 1) {
      const data = doors.map((_, who) => contents(who));
      const written = await Promise.all(doors.map((vfs, who) => vfs.replace('overwritten', version, data[who]!)));
      const winners = written.flatMap((each, who) => (each ? [who] : []));
      expect(winners).toHaveLength(1);
      version = written[winners[0]!]!.version;
      const found = await doors[round % CLIENTS]!.read('overwritten');
      expect(found).toMatchObject({ version });
      expect(Buffer.from(found!.data)).toEqual(data[winners[0]!]);
    }
  });

  test('a lock goes to and fro between them, and each sees at once what the other did', async () => {
    const [left, right] = [doors[0]!, new Elsewhere(doors[1]!)].map(
      (vfs) => new Lockfile(new VfsFile(vfs, 'shared'), { renew: false }),
    );
    for (let round = 0; round < ROUNDS; round += 1) {
      const [holder, rival] = round % 2 === 0 ? [left!, right!] : [right!, left!];
      expect(await holder.tryAcquire()).toBe(true);
      expect(await rival.tryAcquire()).toBe(false);
      expect(await rival.metadata()).toMatchObject({ lockId: holder.record?.lockId, renewals: 0 });
      await holder.renew();
      expect(await rival.metadata()).toMatchObject({ lockId: holder.record?.lockId, renewals: 1 });
      const seen = await doors[(round + 1) % 2]!.read('shared.lock');
      expect(await doors[(round + 1) % 2]!.create('shared.lock', contents(0))).toBeUndefined();
      await holder.renew();
      expect(await doors[(round + 1) % 2]!.replace('shared.lock', seen!.version, contents(0))).toBeUndefined();
      expect(await holder.release()).toBe(true);
      expect(decodeRecord((await doors[(round + 1) % 2]!.read('shared.lock'))!.data)).toMatchObject({ released: true });
    }
  });
});
