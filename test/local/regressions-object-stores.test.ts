import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Volume } from 'memfs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { memVfs } from '../../src/backends/mem/index.js';
import { localVfs, type Version, type Vfs, VfsFile, withLock, type Written } from '../../src/index.js';
import { repeatedBySdk, replyLost, type Fault, type FaultyVfs } from '../support/protocol/faulty-vfs.js';
import { FILE, Lab, LOCK, lockOn, pass, useFakeTime } from '../support/protocol/lab.js';
import { WrappedVfs } from '../support/stores/wrapped-vfs.js';

/**
 * What locks on object stores got wrong, as far as memory and local disk can show it. Each test shows that we do not; where
 * that is cheap, also that the naive way fails the very same check.
 */

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-regressions-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('opentofu', () => {
  useFakeTime();

  it.each<[string, Fault]>([
    ['the SDK repeats the request and is told 412', repeatedBySdk],
    ['nobody repeats it', replyLost],
  ])("#4405: 412 against one's own lock, whose creation went unanswered: %s", async (_how, fault) => {
    const lab = new Lab();
    const vfs = lab.machine();
    vfs.next('create', fault);
    const lock = lockOn(vfs, { ownerId: 'plan' });
    await lock.acquire({ wait: 0 });
    expect(lock.record).toEqual(lab.record);
    expect(await lock.release()).toBe(true);
    expect(lab.bytes).toBeUndefined();
  });
});

describe('ShedLock', () => {
  useFakeTime();

  /** A conflict, as 409 reports it: nothing was changed, for reasons that may pass. */
  const conflict: Fault = () => Promise.resolve(undefined);

  it('#3662: a conflict with a rival who then fails is an error: it is a reason to look again', async () => {
    const lab = new Lab();
    const vfs = lab.machine();
    vfs.next('create', conflict);
    expect(await lockOn(vfs).tryAcquire()).toBe(true);
  });

  it('#3662: a conflict with a rival who wins is an error: it is a lost race', async () => {
    const lab = new Lab();
    const rival = lockOn(lab.machine(), { ttl: 1000, renew: false });
    await rival.acquire();
    await pass(1100);
    const vfs = lab.machine();
    const winner = lockOn(lab.machine());
    vfs.next('replace', async (call, signal) => {
      await winner.acquire();
      return conflict(call, signal);
    });
    expect(await lockOn(vfs).tryAcquire()).toBe(false);
    expect(winner.held).toBe(true);
  });

  it('#3662: a conflict while renewing is an error: the lock is still ours, so it is renewed', async () => {
    const lab = new Lab();
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ttl: 1000, renew: false });
    await lock.acquire();
    await pass(500);
    vfs.next('replace', conflict);
    await lock.renew();
    expect(lock.remainingMs).toBe(1000);
    expect(lab.record?.renewals).toBe(1);
  });
});

describe('s3-mutex', () => {
  useFakeTime();

  it('a lock that is older than its lease but renewed all the time is cleaned up', async () => {
    const lab = new Lab();
    const holder = lockOn(lab.machine(), { ttl: 1000, ownerId: 'worker' });
    await holder.acquire();
    const janitor = lockOn(lab.machine(), { ttl: 1000, ownerId: 'worker' });
    for (let second = 0; second < 20; second += 1) {
      await pass(1000);
      expect(await janitor.isStale()).toBe(false);
      expect(await janitor.tryAcquire()).toBe(false);
    }
    expect(Date.now() - Number(lab.record?.createdAt)).toBeGreaterThan(19_000);
    expect(await holder.release()).toBe(true);
  });

  it.each(['in one process', 'in two'])('two callers with one owner id both run: %s', async (where) => {
    const lab = new Lab();
    const vfs = lab.machine();
    const other = where === 'in two' ? lab.machine() : vfs;
    const runs: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      runs.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 5000));
      runs.push(`${name} ends`);
    };
    const first = withLock(new VfsFile(vfs, FILE), work('first'), { ownerId: 'me' });
    await pass(10);
    const second = withLock(new VfsFile(other, FILE), work('second'), { ownerId: 'me' });
    await pass(20_000);
    await Promise.all([first, second]);
    expect(runs).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
  });
});

describe('kwojcicki/s3-lock', () => {
  useFakeTime();

  const CONSTANT = Buffer.from('{"locked":true}');
  const bodies: readonly (readonly [string, (vfs: FaultyVfs) => Promise<unknown>, boolean])[] = [
    ['ours', (vfs) => lockOn(vfs, { ttl: 1000, renew: false, ownerId: 'worker' }).acquire(), false],
    ['the naive way', (vfs) => vfs.create(LOCK, CONSTANT), true],
  ];

  it.each(bodies)(
    'a constant body: a late release removes the lock of the next holder (%s)',
    async (_how, take, removed) => {
      const lab = new Lab();
      const first = lab.machine();
      await take(first);
      const seen = await first.read(LOCK);
      lab.put(undefined);
      await take(lab.machine());
      expect(await first.remove(LOCK, seen!.version)).toBe(removed);
      expect(lab.bytes === undefined).toBe(removed);
    },
  );

  it('a constant body: two takings by one caller, with one owner, at one instant are told apart', async () => {
    const lab = new Lab();
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ownerId: 'worker' });
    const versions = new Set<string>();
    for (let taking = 0; taking < 20; taking += 1) {
      await lock.acquire();
      versions.add((await vfs.read(LOCK))!.version);
      await lock.renew();
      versions.add((await vfs.read(LOCK))!.version);
      await lock.release();
    }
    expect(versions.size).toBe(40);
  });
});

describe('the Ruby lock on Google Cloud Storage', () => {
  /** Versions as metagenerations are: they count the changes of an object, and begin at 1 for each new one. */
  class CountsChanges extends WrappedVfs {
    #changes = 0;

    override async create(path: string, data: Uint8Array): Promise<Written | undefined> {
      if (!(await this.inner.create(path, data))) return undefined;
      this.#changes = 1;
      return { version: '1' as Version };
    }

    override async remove(path: string, version: Version): Promise<boolean> {
      return version === String(this.#changes) && (await this.inner.delete(path));
    }
  }

  const stores: readonly (readonly [string, () => Vfs, boolean])[] = [
    ['mem', () => memVfs({ volume: new Volume() }), false],
    ['local', () => localVfs({ root: mkdtempSync(join(folder, 'a-')) }), false],
    ['local without hard links', () => localVfs({ root: mkdtempSync(join(folder, 'b-')), hardLinks: false }), false],
    ['the naive way', () => new CountsChanges(memVfs({ volume: new Volume() })), true],
  ];

  it.each(stores)(
    'a version that comes back for the next object under the name: ABA (%s)',
    async (_which, make, fooled) => {
      const vfs = make();
      const first = await vfs.create(LOCK, Buffer.from('first'));
      expect(await vfs.remove(LOCK, first!.version)).toBe(true);
      const second = await vfs.create(LOCK, Buffer.from('second'));
      expect(await vfs.remove(LOCK, first!.version)).toBe(fooled);
      expect((await vfs.read(LOCK)) === undefined).toBe(fooled);
      expect(second!.version === first!.version).toBe(fooled);
    },
  );
});
