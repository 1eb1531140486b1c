import { beforeEach, describe, expect, it } from 'vitest';

import { LockOptionError, VfsFile, withLock } from '../../../../src/index.js';
import { FILE, jump, Lab, lockOn, outcome, pass, useFakeTime } from '../../../support/protocol/lab.js';

useFakeTime();

const LOST = { code: 'ERR_LOCK_LOST', reason: 'max-hold' };

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});

describe('issue 12: maxHold', () => {
  it('ends a lock to the millisecond that is renewed all the time, and others get it when its lease is over', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ttl: 3000, maxHold: '1m' });
    await lock.acquire();
    const lost = outcome(lock.lost);
    await pass(59_999);
    expect([lock.held, lock.signal.aborted, lost.open]).toEqual([true, false, true]);
    expect(lock.remainingMs).toBe(1);
    await pass(1);
    expect([lock.held, lock.remainingMs, lock.signal.aborted]).toEqual([false, 0, true]);
    expect(lost.value).toMatchObject(LOST);
    expect(() => lock.assertHeld()).toThrow(/held for as long as its maxHold allows/);
    await expect(lock.renew()).rejects.toMatchObject(LOST);
    const renewals = vfs.count('replace');
    expect(renewals).toBeGreaterThan(50);
    const next = lockOn(lab.machine());
    expect(await next.tryAcquire()).toBe(false);
    await pass(3000);
    expect(vfs.count('replace')).toBe(renewals);
    expect(await next.tryAcquire()).toBe(true);
    expect(next.reclaimedFrom).toMatchObject({ reason: 'expired' });
  });

  it('counts although no timer could fire, but not while the machine sleeps or its wall clock is set', async () => {
    const lock = lockOn(lab.machine(), { ttl: Infinity, maxHold: '1m' });
    await lock.acquire();
    jump(3_600_000);
    expect(lock.held).toBe(true);
    await pass(60_000);
    expect(lock.loss).toMatchObject(LOST);
  });

  it('lets the work that ends by the signal release the lock, and says what happened', async () => {
    const file = new VfsFile(lab.machine(), FILE);
    const stuck = withLock(
      file,
      (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
      { ttl: 3000, maxHold: 5000 },
    );
    const ended = outcome(stuck);
    await pass(4999);
    expect(ended.open).toBe(true);
    await pass(1);
    expect(ended.error).toMatchObject(LOST);
    expect(lab.bytes).toBeUndefined();
  });

  it('is for each acquisition, and is none unless it is set', async () => {
    const lock = lockOn(lab.machine(), { ttl: 3000, maxHold: 5000 });
    await lock.acquire();
    await pass(4000);
    expect(await lock.release()).toBe(true);
    await lock.acquire();
    await pass(4000);
    expect(lock.held).toBe(true);
    await pass(1000);
    expect(await lock.release()).toBe(false);
    const endless = lockOn(lab.machine(), { ttl: 3000 });
    await endless.acquire();
    await pass(3_600_000);
    expect(endless.held).toBe(true);
    for (const maxHold of [0, -1, 'soon'] as const)
      expect(() => lockOn(lab.machine(), { maxHold })).toThrow(LockOptionError);
  });
});
