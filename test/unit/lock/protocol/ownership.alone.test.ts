import { beforeEach, describe, expect, it, vi } from 'vitest';

import { forceRelease, sweep } from '../../../../src/admin/index.js';
import { VfsFile } from '../../../../src/index.js';
import { replyLost, slow, type Fault, type StoreOptions } from '../../../support/protocol/faulty-vfs.js';
import { FILE, Lab, lockOn, outcome, pass, useFakeTime } from '../../../support/protocol/lab.js';

/** The ids that are drawn next, whoever draws them. Empty: random ones. */
const ids = vi.hoisted((): string[] => []);
vi.mock('../../../../src/util/fresh-id.js', async (actual) => {
  const { freshId } = await actual<{ freshId: () => string }>();
  const drawn = (): string => ids.shift() ?? freshId();
  return { freshId: drawn, twoFreshIds: () => [drawn(), drawn()] };
});

useFakeTime();

const tombstones: StoreOptions = { capabilities: { remove: 'none' } };

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
  ids.length = 0;
});

describe('E2: a record of ours that somebody else released', () => {
  /** Lets the write arrive, then somebody else act, then the answer get lost. */
  const lostAfter =
    (act: () => Promise<unknown>): Fault =>
    async (call, signal) => {
      await call();
      await act();
      return replyLost(() => Promise.resolve(), signal);
    };

  it('by a sweep, before we learned that we had the lock, is free and is taken again', async () => {
    const vfs = lab.machine(tombstones);
    vfs.next(
      'create',
      lostAfter(async () => {
        await slow(5000)(() => Promise.resolve(), undefined);
        expect(await sweep({ vfs: lab.machine(tombstones), path: '' })).toMatchObject({ reasons: { expired: 1 } });
        expect(lab.record?.released).toBe(true);
      }),
    );
    const lock = lockOn(vfs, { ttl: 1000 });
    const acquiring = lock.acquire({ wait: '1m' });
    await pass(5000);
    await acquiring;
    expect(lab.record).toMatchObject({ lockId: lock.record?.lockId, released: false });
    expect(await lockOn(lab.machine(tombstones)).tryAcquire()).toBe(false);
    await lock.renew();
    expect(lab.record).toMatchObject({ renewals: 1, released: false });
  });

  it('by a person, before we learned that we had the lock, is free and is taken again', async () => {
    const vfs = lab.machine(tombstones);
    vfs.next(
      'create',
      lostAfter(async () => {
        const expectId = lab.record?.lockId ?? '';
        expect(await forceRelease(new VfsFile(lab.machine(tombstones), FILE), { expect: expectId })).toBe(true);
      }),
    );
    const lock = lockOn(vfs);
    expect(await lock.tryAcquire()).toBe(true);
    expect(lab.record?.released).toBe(false);
    expect(await lockOn(lab.machine(tombstones)).tryAcquire()).toBe(false);
  });

  it.each([
    ['the renewal', (lock: ReturnType<typeof lockOn>) => lock.renew().catch(() => undefined)],
    ['the release', (lock: ReturnType<typeof lockOn>) => lock.release()],
  ])('while we held it is a loss that %s finds, and stays released', async (_which, call) => {
    const lock = lockOn(lab.machine(tombstones), { renew: false });
    await lock.acquire();
    await forceRelease(new VfsFile(lab.machine(tombstones), FILE), { expect: lock.record?.lockId ?? '' });
    const seen = lab.bytes;
    await call(lock);
    expect(lock.loss).toMatchObject({ reason: 'removed' });
    expect(await lock.release()).toBe(false);
    expect(lab.bytes).toBe(seen);
  });
});

describe('E5: clones of a machine, which draw the same random ids,', () => {
  const same = (count: number): void => {
    ids.splice(0, ids.length, ...Array.from({ length: count }, (_, i) => String(i).padStart(32, '0')));
  };

  it('do not take the lock of the other for their own', async () => {
    same(2);
    const first = lockOn(lab.machine(), { renew: false });
    expect(await first.tryAcquire()).toBe(true);
    await pass(10);
    same(2);
    const clone = lockOn(lab.machine(), { renew: false });
    expect(await clone.tryAcquire()).toBe(false);
    expect(lab.record?.lockId).toBe('0'.repeat(32));
    expect([first.held, clone.held]).toEqual([true, false]);
  });

  it('learn that the lock was stolen by the other, and leave it alone', async () => {
    same(2);
    const first = lockOn(lab.machine(), { renew: false, ttl: 1000 });
    await first.acquire();
    const renewing = lockOn(lab.machine(), { renew: false, ttl: 1000 });
    lab.put(undefined);
    await pass(10);
    same(2);
    await renewing.acquire();
    const seen = lab.bytes;
    expect(lab.record?.lockId).toBe(first.record?.lockId);
    await expect(first.renew()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'stolen' });
    expect(await first.release()).toBe(false);
    expect(lab.bytes).toBe(seen);
  });

  it('release only what they acquired', async () => {
    same(2);
    const first = lockOn(lab.machine(), { renew: false });
    await first.acquire();
    lab.put(undefined);
    await pass(10);
    same(2);
    const clone = lockOn(lab.machine(), { renew: false });
    await clone.acquire();
    const releasing = outcome(first.release());
    await pass(0);
    expect(releasing.value).toBe(false);
    expect(first.loss).toMatchObject({ reason: 'stolen' });
    expect(await clone.release()).toBe(true);
  });
});
