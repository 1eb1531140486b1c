import { mkdtempSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { fakeGlobals, realGlobals } from '../../support/fake-time.js';
import { sftpVfs, type SftpVfs } from '../../../src/backends/sftp/index.js';
import { localVfs, Lockfile, VfsFile } from '../../../src/index.js';
import { decodeRecord, encodeRecord } from '../../../src/lock/model/record.js';
import { missing, openSsh, type ServerUse } from './servers.js';
import { useServer } from './use-server.js';
import { offOpenSsh } from './special-servers.js';

const HOUR_MS = 3_600_000;

/**
 * A server whose clock is off is OpenSSH's own under libfaketime, which shifts every time that it shows, those of files too:
 * what its clients see is what they would see of a machine whose clock is off. The kernel's own clock stays as it is.
 */
const circumstances = [
  { kind: openSsh, serverAheadMs: 0, clientAheadMs: HOUR_MS },
  { kind: openSsh, serverAheadMs: 0, clientAheadMs: -HOUR_MS },
  { kind: offOpenSsh(HOUR_MS), serverAheadMs: HOUR_MS, clientAheadMs: 0 },
  { kind: offOpenSsh(-HOUR_MS), serverAheadMs: -HOUR_MS, clientAheadMs: HOUR_MS },
];

for (const { kind, serverAheadMs, clientAheadMs } of circumstances) {
  const lacking = missing(kind);
  const whose = `a server whose clock is ${hours(serverAheadMs)}, a client whose clock is ${hours(clientAheadMs)}`;
  describe.skipIf(lacking !== undefined)(`${whose}${lacking ? `: ${lacking}` : ''}`, () => {
    let server: ServerUse;
    let folder: string;
    let vfs: SftpVfs;
    beforeAll(async () => void (server = await useServer(kind)));
    afterAll(() => server.dispose());
    beforeEach(() => {
      folder = mkdtempSync(join(server.folder, 'clocks-'));
      vfs = sftpVfs({ ...server.options, root: folder });
      fakeGlobals({ toFake: ['Date'], now: Date.now() + clientAheadMs });
    });
    afterEach(() => {
      realGlobals();
      vfs.close();
    });

    test('show their own time', async () => {
      writeFileSync(join(folder, 'a'), '');
      utimesSync(join(folder, 'a'), 1_700_000_000, 1_700_000_000);
      const { modifiedMs, nowMs } = (await vfs.read('a', { clock: true }))!;
      expect(modifiedMs - statSync(join(folder, 'a')).mtimeMs).toBe(serverAheadMs);
      expect(Math.abs(Number(nowMs) - (Date.now() - clientAheadMs) - serverAheadMs)).toBeLessThan(HOUR_MS / 10);
    });

    for (const over of ['the disk', 'SFTP'] as const) {
      test(`a lock made over ${over} is neither taken over early nor waited for in vain`, async () => {
        const store = over === 'SFTP' ? vfs : localVfs({ root: folder });
        const holder = new Lockfile(new VfsFile(store, 'a'), { ttl: '2s', renew: false });
        await holder.acquire();
        // As if it were another machine's, of whose processes nothing can be known here.
        const { data, version } = (await store.read('a.lock'))!;
        const record = { ...decodeRecord(data)!, hostname: 'elsewhere', bootId: 'another', lockId: 'theirs' };
        await store.replace('a.lock', version, encodeRecord(record));
        const since = performance.now();
        expect(await holder.release()).toBe(false);

        const lock = new Lockfile(new VfsFile(vfs, 'a'), { ttl: '30s' });
        expect(await lock.tryAcquire()).toBe(false);
        await lock.acquire({ wait: '20s' });
        expect(performance.now() - since).toBeGreaterThan(1900);
        expect(lock.reclaimedFrom).toMatchObject({ reason: 'expired', hostname: 'elsewhere' });
        expect(await new Lockfile(new VfsFile(localVfs({ root: folder }), 'a')).tryAcquire()).toBe(false);
        expect(await lock.release()).toBe(true);
      });
    }
  });
}

function hours(ms: number): string {
  if (ms === 0) return 'right';
  return `${String(Math.abs(ms) / HOUR_MS)} h ${ms > 0 ? 'ahead' : 'behind'}`;
}
