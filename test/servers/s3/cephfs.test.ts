import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';

import { doctor, list } from '../../../src/admin/index.js';
import { localVfs, Lockfile, lockSync, VfsFile } from '../../../src/index.js';
import { foreign, putLock } from '../../support/operate/locks.js';
import { CephFs, missingCephFs } from './cephfs.js';
import { ceph } from './servers.js';

const lacking = missingCephFs();
const HOUR_S = 3600;
const CLIENTS = { right: 0, ahead: HOUR_S, behind: -HOUR_S } as const;
type Client = keyof typeof CLIENTS;

describe.skipIf(lacking !== undefined)(`E1: clients of one CephFS${lacking ? `: ${lacking}` : ''}`, () => {
  let fs: CephFs;
  let at: Record<Client, string>;
  beforeAll(async () => {
    const shared = inject('s3')[ceph.name];
    if (!shared) throw new Error('no cluster was started');
    fs = await CephFs.start(shared.home);
    const mount = (name: Client): Promise<string> => fs.mount(name, CLIENTS[name]);
    at = { right: await mount('right'), ahead: await mount('ahead'), behind: await mount('behind') };
  });
  afterAll(() => fs.stop());

  const lockOn = (client: Client, name: string): Lockfile =>
    new Lockfile(new VfsFile(localVfs({ root: at[client] }), name), { ttl: '1m', renew: false });

  test('stamp files each by its own clock, an hour apart', async () => {
    for (const client of ['right', 'ahead', 'behind'] as const) {
      await localVfs({ root: at[client] }).write(client, Buffer.from(client));
      const offMs = statSync(join(at.right, client)).mtimeMs - Date.now();
      expect(Math.abs(offMs - CLIENTS[client] * 1000)).toBeLessThan((HOUR_S * 1000) / 4);
    }
  });

  test.each<[Client, Client]>([
    ['right', 'ahead'],
    ['right', 'behind'],
    ['ahead', 'right'],
    ['behind', 'right'],
    ['behind', 'ahead'],
    ['ahead', 'behind'],
  ])('whose clock is %s keeps a live, renewed lock against one whose clock is %s', async (holder, rival) => {
    const name = `${holder}-${rival}`;
    const lock = lockOn(holder, name);
    await lock.acquire({ wait: 0 });
    for (let renewals = 0; renewals < 3; renewals += 1) {
      expect(await lockOn(rival, name).tryAcquire()).toBe(false);
      expect(() => lockSync(join(at[rival], name), { wait: 0 })).toThrow(
        expect.objectContaining({ code: 'ERR_LOCK_HELD' }),
      );
      for await (const { state } of list(at[rival])) expect(state).toBe('held');
      await lock.renew();
    }
    lock.assertHeld();
    expect(await lock.release()).toBe(true);
  });

  test.each<Client>(['right', 'ahead', 'behind'])(
    'whose clock is %s takes a dead lock over once it was observed unchanged for its lease',
    async (client) => {
      const name = `dead-${client}`;
      await putLock(localVfs({ root: at.right }), name, foreign({ leaseMs: 300 }));
      const startedMs = performance.now();
      const lock = lockOn(client, name);
      await lock.acquire({ wait: '5m' });
      expect(performance.now() - startedMs).toBeGreaterThanOrEqual(300);
      expect(lock.reclaimedFrom?.reason).toBe('expired');
      expect(await lock.release()).toBe(true);
      expect(readdirSync(at.right).filter((left) => left.startsWith(name))).toEqual([]);
    },
  );

  test('are told by doctor whose clock it is', async () => {
    const { checks, clockAheadMs, verdict } = await doctor(at.ahead);
    expect(verdict).toBe('safe');
    expect(clockAheadMs).toBeUndefined();
    const clock = checks.find(({ name }) => name === 'clock');
    expect(clock).toMatchObject({ verdict: 'note', found: expect.stringContaining('each client stamps') as string });
  });
});
