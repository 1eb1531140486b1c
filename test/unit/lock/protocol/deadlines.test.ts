import { beforeEach, describe, expect, it, vi } from 'vitest';

import { LockLostError, LockNotHeldError, VfsFile, withLock } from '../../../../src/index.js';
import { hangs, refused, replyLost, requestLost, slow, type Fault } from '../../../support/protocol/faulty-vfs.js';
import { FILE, jump, Lab, lockOn, outcome, pass, useFakeTime } from '../../../support/protocol/lab.js';

useFakeTime();

const HOUR = 3_600_000;

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});

const failures: readonly (readonly [string, Fault])[] = [
  ['is refused', refused],
  ['is lost on the way', requestLost],
];

describe('the deadline of a holder', () => {
  it.each(failures)(
    'is never reached while a renewal comes through just in time, though each other one %s',
    async (_how, fault) => {
      const vfs = lab.machine();
      const lock = lockOn(vfs, { ttl: 3000 });
      await lock.acquire();
      const { signal } = lock;
      for (let round = 0; round < 5; round += 1) {
        vfs.always('replace', fault);
        await pass(lock.remainingMs - 300);
        vfs.always('replace', undefined);
        await pass(290);
        expect(signal.aborted).toBe(false);
        expect(lock.remainingMs).toBeGreaterThan(2000);
      }
      expect(await lock.release()).toBe(true);
    },
  );

  it.each(failures)('ends the tenure to the millisecond when every renewal %s, and tells why', async (_how, fault) => {
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ttl: 3000 });
    await lock.acquire();
    vfs.always('replace', fault);
    const lost = outcome(lock.lost);
    const { signal } = lock;
    await pass(2999);
    expect([lock.held, signal.aborted, lost.open]).toEqual([true, false, true]);
    expect(vfs.count('replace')).toBeGreaterThan(3);
    await pass(1);
    expect([lock.held, signal.aborted, lost.open]).toEqual([false, true, false]);
    expect(signal.reason).toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'expired' });
    expect((signal.reason as Error).cause).toMatchObject({
      code: expect.stringMatching(/^ERR_VFS_(DENIED|IO)$/) as string,
    });
    expect(lock.loss).toBe(signal.reason);
    expect(lost.value).toBe(signal.reason);
    expect(() => lock.assertHeld()).toThrow(signal.reason as Error);
    const tried = vfs.count('replace');
    await pass(60_000);
    expect(vfs.count('replace')).toBe(tried);
  });

  it('ends the tenure though the store never answers, and takes the request back', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ttl: 3000 });
    await lock.acquire();
    let givenUp = false;
    vfs.always('replace', (call, signal) => {
      signal?.addEventListener('abort', () => (givenUp = true));
      return hangs(call, signal);
    });
    const { signal } = lock;
    await pass(2999);
    expect([signal.aborted, givenUp]).toEqual([false, false]);
    await pass(1);
    expect([signal.aborted, givenUp]).toEqual([true, true]);
    expect(signal.reason).toMatchObject({ reason: 'expired' });
  });

  it('counts from before a renewal was sent, not from when it was answered', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ttl: 3000, renew: false });
    await lock.acquire();
    vfs.next('replace', slow(2000));
    const renewing = lock.renew();
    await pass(2000);
    await renewing;
    expect(lock.remainingMs).toBe(1000);
  });

  it('cannot be undone by a renewal whose answer comes after it', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ttl: 3000, renew: false });
    await lock.acquire();
    vfs.next('replace', slow(3500));
    const renewing = outcome(lock.renew());
    await pass(3500);
    expect(renewing.error).toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'expired' });
    expect(lab.record?.renewals).toBe(1);
    expect(lock.held).toBe(false);
    await expect(lock.renew()).rejects.toThrow(LockLostError);
  });

  it('is noticed by whoever asks, though no timer has had a chance to fire', async () => {
    const lock = lockOn(lab.machine(), { ttl: 3000 });
    await lock.acquire();
    const { signal } = lock;
    jump(3000);
    expect(() => lock.assertHeld()).toThrow(LockLostError);
    expect(signal.aborted).toBe(true);
    expect([lock.held, lock.remainingMs, lock.record]).toEqual([false, 0, undefined]);
  });

  it('leaves a record that is still ours for release to clear away, which does not call that a success', async () => {
    const lock = lockOn(lab.machine(), { ttl: 3000, renew: false });
    await lock.acquire();
    await pass(3000);
    expect(lab.bytes).toBeDefined();
    expect(await lock.release()).toBe(false);
    expect(lab.bytes).toBeUndefined();
    expect(lock.loss?.reason).toBe('expired');
  });

  it('makes withLock reject though its function went through, and not hide the error of one that did not', async () => {
    const working = outcome(
      withLock(new VfsFile(lab.machine(), FILE), () => new Promise((resolve) => setTimeout(resolve, 5000)), {
        ttl: 3000,
        renew: false,
      }),
    );
    const failing = outcome(
      withLock(
        new VfsFile(new Lab().machine(), FILE),
        () => slow(5000)(() => Promise.reject(new Error('mine')), undefined),
        {
          ttl: 3000,
          renew: false,
        },
      ),
    );
    await pass(5000);
    expect(working.error).toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'expired' });
    expect(failing.error).toEqual(new Error('mine'));
  });

  it('does not exist for a lease without end', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ttl: Infinity, renew: false });
    await lock.acquire();
    expect(vi.getTimerCount()).toBe(0);
    expect(lab.bytes).toContain('"ttl": 0');
    const rival = lockOn(lab.machine(), { ttl: 100 });
    await pass(20 * 365 * 24 * HOUR);
    expect(await rival.tryAcquire()).toBe(false);
    expect(await rival.isStale()).toBe(false);
    expect([lock.held, lock.remainingMs]).toEqual([true, Infinity]);
    expect(vfs.count('replace')).toBe(0);
    expect(await lock.release()).toBe(true);
  });

  it('B15: does not exist for a lock without end, whose removal is noticed all the same, and which is touched', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ttl: Infinity });
    await lock.acquire();
    const { signal } = lock;
    await pass(10 * 60_000);
    const { renewals, renewedAt, leaseMs } = lab.record!;
    expect([renewals >= 9, leaseMs, lock.held, lock.remainingMs]).toEqual([true, Infinity, true, Infinity]);
    expect(Date.now() - renewedAt!.getTime()).toBeLessThan(61_000);
    lab.put(undefined);
    expect(await lockOn(lab.machine()).tryAcquire()).toBe(true);
    expect(lock.held).toBe(true);
    await pass(61_000);
    expect(signal.reason).toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'stolen' });
    expect(lock.held).toBe(false);
    expect(() => {
      lock.assertHeld();
    }).toThrow(LockLostError);
  });

  it('comes once and for all without background renewal, unless renewed by hand', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ttl: 3000, renew: false });
    await lock.acquire();
    await pass(2000);
    await lock.renew();
    await pass(2999);
    expect(lock.held).toBe(true);
    await pass(1);
    expect(lock.held).toBe(false);
    expect(vfs.count('replace')).toBe(1);
  });
});

describe('the wall clock of a holder', () => {
  it.each([HOUR, -HOUR])('makes no difference where it is wrong by %d ms all the time', async (offset) => {
    jump(offset);
    const lock = lockOn(lab.machine(), { ttl: 3000 });
    await lock.acquire();
    await pass(30_000);
    expect(lock.held).toBe(true);
    const rival = lockOn(lab.machine());
    expect(await rival.tryAcquire()).toBe(false);
    expect(await lock.release()).toBe(true);
  });

  it('ends the tenure when it jumps ahead of the lease, as after the machine slept', async () => {
    const lock = lockOn(lab.machine(), { ttl: 3000 });
    await lock.acquire();
    const { signal } = lock;
    await pass(500);
    jump(HOUR);
    await pass(1000);
    expect(signal.reason).toMatchObject({ reason: 'expired' });
  });

  it('prolongs nothing when it is set back', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ttl: 3000 });
    await lock.acquire();
    const { signal } = lock;
    vfs.always('replace', refused);
    await pass(500);
    jump(-HOUR);
    await pass(2499);
    expect(signal.aborted).toBe(false);
    await pass(1);
    expect(signal.aborted).toBe(true);
  });

  it('leaves a renewed lock alone when it is set back, and a Go reader a ttl that makes sense', async () => {
    const lock = lockOn(lab.machine(), { ttl: 3000 });
    await lock.acquire();
    await pass(500);
    jump(-HOUR);
    await pass(10_000);
    expect(lock.held).toBe(true);
    expect(lab.record?.ttlMs).toBe(3000);
    expect(await lock.release()).toBe(true);
  });
});

describe('a holder whose lock is taken from it', () => {
  it.each([
    ['stolen', '{}'],
    ['removed', undefined],
  ])('learns at its next renewal that it was %s', async (reason, content) => {
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ttl: 3000 });
    await lock.acquire();
    const { signal } = lock;
    lab.put(content);
    const seen = lab.bytes;
    await pass(1000);
    expect(signal.reason).toMatchObject({ code: 'ERR_LOCK_LOST', reason });
    expect(await lock.release()).toBe(false);
    expect(vfs.count('remove')).toBe(0);
    expect(lab.bytes).toBe(seen);
  });

  it('learns so from its release at the latest, which touches nothing', async () => {
    const lock = lockOn(lab.machine());
    await lock.acquire();
    lab.put('somebody else');
    expect(lock.held).toBe(true);
    expect(await lock.release()).toBe(false);
    expect(lock.loss).toMatchObject({ reason: 'stolen' });
    expect(lab.bytes).toBe('somebody else');
  });

  it('is told by its own release, so withLock rejects', async () => {
    const working = withLock(new VfsFile(lab.machine(), FILE), () => {
      lab.put(undefined);
    });
    await expect(working).rejects.toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'removed' });
  });
});

describe('a lock that was given back', () => {
  it('is not held, cannot be renewed, and is given back once', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs);
    expect(() => lock.assertHeld()).toThrow(LockNotHeldError);
    expect(() => lock.signal).toThrow(LockNotHeldError);
    await expect(lock.renew()).rejects.toThrow(LockNotHeldError);
    expect(await lock.release()).toBe(false);
    expect(vfs.calls).toEqual([]);
    await lock.acquire();
    const { signal } = lock;
    const lost = outcome(lock.lost);
    expect(vi.getTimerCount()).toBe(1);
    expect(await lock.release()).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    expect(() => lock.assertHeld()).toThrow(LockNotHeldError);
    await expect(lock.renew()).rejects.toThrow(LockNotHeldError);
    expect(await lock.release()).toBe(false);
    await pass(HOUR);
    expect([signal.aborted, lost.open, lock.loss]).toEqual([false, true, undefined]);
  });

  it('can be taken again by the same object, with a signal of its own', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ttl: 3000, renew: false });
    await lock.acquire();
    const { signal } = lock;
    await pass(3000);
    expect(signal.aborted).toBe(true);
    const again = lock.acquire();
    await pass(100);
    await again;
    expect(lock.signal.aborted).toBe(false);
    expect(lock.loss).toBeUndefined();
    vfs.next('replace', replyLost);
    await lock.renew();
    expect(await lock.release()).toBe(true);
  });

  it('is given back by the end of its scope', async () => {
    const vfs = lab.machine();
    {
      await using lock = lockOn(vfs);
      await lock.acquire();
      expect(lab.bytes).toBeDefined();
    }
    expect(lab.bytes).toBeUndefined();
  });
});
