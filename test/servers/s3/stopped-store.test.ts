import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import { s3Vfs } from '../../../src/backends/s3/index.js';
import { Lockfile, VfsFile, withLock, type LockOptions, type Vfs } from '../../../src/index.js';
import { decodeRecord, type LockRecord } from '../../../src/lock/model/record.js';
import { Elsewhere } from '../../support/stores/elsewhere.js';
import { ceph, missing, startServer, type S3Server } from './servers.js';

const lacking = missing(ceph);

/** How long a client waits for an answer, three times in all. */
const PATIENCE_MS = 600;
/** Until the client's second or third attempt, and until after its last. */
const STOPS: readonly (readonly [string, number])[] = [
  ['while the client still asks', 1.5 * PATIENCE_MS],
  ['until the client has given up', 5 * PATIENCE_MS],
];
const ROUNDS = Number(process.env.S3_STOPS ?? 6);

/** The gateway takes requests and the storage behind it stands still: what was sent is done later, and nobody hears of it. */
describe.skipIf(lacking !== undefined)(
  `storage that is stopped behind Ceph RGW${lacking ? `: ${lacking}` : ''}`,
  () => {
    let server: S3Server;
    let impatient: Vfs;
    /** Waits for as long as it takes, in what might be another process. */
    let patient: Vfs;
    let serial = 0;
    let name = '';
    let stopped: Promise<void> = Promise.resolve();

    beforeAll(async () => {
      server = await startServer(ceph);
      const vfs = (config?: { readonly requestHandler: object }): Vfs =>
        s3Vfs({ bucket: server.bucket, client: server.client(config) });
      impatient = vfs({ requestHandler: { requestTimeout: PATIENCE_MS, throwOnRequestTimeout: true } });
      patient = new Elsewhere(vfs());
      for (const [at, each] of [impatient, patient].entries())
        await each.create(`first use ${String(at)}`, Buffer.from('1'));
    });
    afterAll(() => server.dispose());
    beforeEach(() => {
      name = `file ${String((serial += 1))}`;
    });
    afterEach(() => stopped);

    /** Stops the storage now, for so long. */
    function stopFor(ms: number): void {
      const { pid } = server.cluster!.osd;
      process.kill(pid, 'SIGSTOP');
      stopped = sleep(ms).then(() => void process.kill(pid, 'SIGCONT'));
    }

    const lockOn = (options: LockOptions = {}, vfs = impatient): Lockfile =>
      new Lockfile(new VfsFile(vfs, name), { renew: false, ...options });
    const stored = async (): Promise<LockRecord | undefined> => {
      const snapshot = await patient.read(`${name}.lock`);
      return snapshot && decodeRecord(snapshot.data);
    };
    const isFree = async (): Promise<boolean> => (await stored())?.released ?? true;

    test('a create that went unanswered is found in the store, and its repetition is refused: it is ours', async () => {
      stopFor(1.5 * PATIENCE_MS);
      const lock = lockOn();
      await lock.acquire({ wait: 0 });
      expect(await stored()).toMatchObject({ lockId: lock.record?.lockId, released: false });
      expect(await lockOn({}, patient).tryAcquire()).toBe(false);
      expect(await lock.release()).toBe(true);
      expect(await isFree()).toBe(true);
    });

    test.each(STOPS)(
      'to acquire while it stands still, %s: the lock is ours, or nobody’s in the end',
      async (_how, ms) => {
        stopFor(ms);
        const lock = lockOn({ ttl: 3000 });
        const failed = await failureOf(lock.acquire({ wait: 0 }));
        expect(lock.held).toBe(failed === undefined);
        if (lock.held) {
          expect(await stored()).toMatchObject({ lockId: lock.record?.lockId, released: false });
          expect(await lock.release()).toBe(true);
        }
        await stopped;
        const next = lockOn({}, patient);
        await next.acquire({ wait: '20s' });
        expect(await next.release()).toBe(true);
        expect(await isFree()).toBe(true);
      },
    );

    test.each(STOPS)('to renew while it stands still, %s: renewed, or open and then renewed', async (_how, ms) => {
      const lock = lockOn();
      await lock.acquire();
      stopFor(ms);
      const failed = await failureOf(lock.renew());
      await stopped;
      if (failed !== undefined) {
        expect(failed).toMatchObject({ code: expect.stringMatching(/^ERR_VFS_(IO|TIMEOUT)$/) as string });
        await lock.renew();
      }
      expect(await lockOn({}, patient).tryAcquire()).toBe(false);
      expect(await stored()).toMatchObject({ lockId: lock.record?.lockId, nonce: lock.record?.nonce });
      expect(await lock.release()).toBe(true);
      expect(await isFree()).toBe(true);
    });

    test.each(STOPS)(
      'to release while it stands still, %s: released, at the second try if need be',
      async (_how, ms) => {
        const lock = lockOn();
        await lock.acquire();
        stopFor(ms);
        const failed = await failureOf(lock.release());
        await stopped;
        if (failed !== undefined) expect(await lock.release()).toBe(true);
        expect(await isFree()).toBe(true);
        const next = lockOn({}, patient);
        expect(await next.tryAcquire()).toBe(true);
        expect(await lock.release()).toBe(false);
        expect(await stored()).toMatchObject({ lockId: next.record?.lockId, released: false });
        await next.release();
      },
    );

    test('a lease that ends while it stands still is lost at its own deadline, and never held by two', async () => {
      const lock = lockOn({ ttl: 1500, renew: true });
      await lock.acquire();
      const since = performance.now();
      stopFor(3000);
      expect(await lock.lost).toMatchObject({ reason: 'expired' });
      expect(performance.now() - since).toBeLessThan(2900);
      const rival = lockOn({}, patient);
      await rival.acquire({ wait: '20s' });
      expect(lock.held).toBe(false);
      expect(await rival.release()).toBe(true);
    });

    test(`stopped at random ${String(ROUNDS)} times under two who want one lock: never both, and in the end nobody`, async () => {
      let inside = 0;
      let [over, turns] = [false, 0];
      const work = async (_file: VfsFile, lock: Lockfile): Promise<void> => {
        lock.assertHeld();
        expect((inside += 1)).toBe(1);
        await sleep(20);
        // Another may be in only after this one knows that it is out.
        if (lock.held) turns += 1;
        inside -= 1;
      };
      const party = async (vfs: Vfs): Promise<void> => {
        while (!over) await withLock(new VfsFile(vfs, name), work, { ttl: 2000, wait: '20s' }).catch(onlyTheStore);
      };
      const parties = [party(impatient), party(patient)];
      for (let round = 0; round < ROUNDS; round += 1) {
        await sleep(200 * Math.random());
        stopFor(1500 * Math.random());
        await stopped;
      }
      // On a busy machine the stops alone leave no time for that.
      await vi.waitFor(() => expect(turns).toBeGreaterThan(ROUNDS), { timeout: 120_000 });
      over = true;
      await Promise.all(parties);
      const last = lockOn({}, patient);
      await last.acquire({ wait: '20s' });
      expect(await last.release()).toBe(true);
    });
  },
);

/** What the store or a lost lease may answer for; nothing else. */
function onlyTheStore(error: unknown): void {
  const { code } = error as { readonly code?: string };
  expect(['ERR_VFS_IO', 'ERR_VFS_TIMEOUT', 'ERR_LOCK_LOST', 'ERR_LOCK_TIMEOUT']).toContain(code);
}

function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error ?? new Error('failed with nothing'),
  );
}
