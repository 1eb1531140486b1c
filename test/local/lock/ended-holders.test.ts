import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { inspect, sweep } from '../../../src/admin/index.js';
import { localVfs, Lockfile } from '../../../src/index.js';
import { thisProcess } from '../../../src/lock/model/process.js';
import { encodeRecord, type LockRecord } from '../../../src/lock/model/record.js';
import { GO_RECORD } from '../../support/records.js';

const HOUR_MS = 3_600_000;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-ended-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Two lock files just written by a process of this machine that has ended. */
async function leave(change: Partial<LockRecord>): Promise<void> {
  const record = { ...GO_RECORD, ...thisProcess(), ...change };
  for (const name of ['taken', 'swept'])
    await localVfs({ root: folder }).create(`${name}.lock`, encodeRecord({ ...record, lockId: name }));
}

async function expectFreedAtOnce(): Promise<void> {
  expect(await inspect(join(folder, 'taken'))).toMatchObject({ state: 'stale', reason: 'dead-process' });
  const lock = await Lockfile.open(join(folder, 'taken'), { ownerId: 'somebody else' });
  expect(await lock.tryAcquire()).toBe(true);
  expect(lock.reclaimedFrom).toMatchObject({ reason: 'dead-process', lockId: 'taken' });
  await lock.release();
  expect(await sweep(folder)).toMatchObject({ removed: 1, failed: 0 });
  expect(readdirSync(folder)).toEqual([]);
}

test.skipIf(thisProcess().processStart === '')(
  'A8: a process that has provably ended frees its lock at once for everybody and for sweep, whatever its lease and grace (needs Linux)',
  async () => {
    const owner = { ownerId: 'worker-1', ttlMs: HOUR_MS, leaseMs: HOUR_MS, graceMs: HOUR_MS };
    await leave({ ...owner, processStart: '1' });
    await expectFreedAtOnce();
  },
);

test.skipIf(thisProcess().machineId === '')(
  'A8, B16: a lock without end of an earlier boot of this machine is freed at once (needs a machine id)',
  async () => {
    await leave({ ttlMs: Infinity, leaseMs: Infinity, bootId: 'an earlier boot' });
    await expectFreedAtOnce();
  },
);
