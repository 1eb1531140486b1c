import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { forceRelease } from '../../../../src/admin/index.js';
import { LockHeldError, LockLostError, VfsError, VfsFile, withLock } from '../../../../src/index.js';
import {
  gated,
  hangs,
  refused,
  repeatedBySdk,
  replyLost,
  requestLost,
  slow,
  type Fault,
  type FaultyVfs,
} from '../../../support/protocol/faulty-vfs.js';
import { FILE, Lab, lockOn, outcome, pass, useFakeTime } from '../../../support/protocol/lab.js';

useFakeTime();

let lab: Lab;
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => {
  lab = new Lab();
  process.on('unhandledRejection', note);
});
afterEach(async () => {
  vi.useRealTimers();
  await new Promise((resolve) => setTimeout(resolve));
  process.off('unhandledRejection', note);
  expect(unhandled.splice(0)).toEqual([]);
});

/** The two ways in which one's own success can look like something else. */
const misheard: readonly (readonly [string, Fault])[] = [
  ['whose reply was lost', replyLost],
  ['that the SDK repeated', repeatedBySdk],
];

/** The fault, after a while in which the request is on its way. */
function late(ms: number, fault: Fault): Fault {
  return async (call, signal) => {
    await slow(ms)(() => Promise.resolve(), signal);
    return fault(call, signal);
  };
}

describe.each(misheard)('a write %s', (_how, fault) => {
  it('was our acquisition: it is recognised, its lease counts from before the request, no ghost is left', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ttl: 10_000, renew: false });
    vfs.next('create', late(4000, fault));
    const acquiring = lock.acquire({ wait: '1m' });
    await pass(4000);
    await acquiring;
    expect(lock.held).toBe(true);
    expect(lock.record?.lockId).toBe(lab.record?.lockId);
    expect(lock.remainingMs).toBe(6000);
    expect(lock.reclaimedFrom).toBeUndefined();
    expect(await lock.release()).toBe(true);
    expect(lab.bytes).toBeUndefined();
  });

  it('was our acquisition, found out when its lease was over: it is renewed before anybody is told that it is held', async () => {
    const lock = lockOn(prepared(), { ttl: 1000, renew: false });
    const acquiring = lock.acquire({ wait: '1m' });
    await pass(4000);
    await acquiring;
    expect(lock.held).toBe(true);
    expect(lab.record).toMatchObject({ lockId: lock.record?.lockId, renewals: 1 });
    expect(await lock.release()).toBe(true);
  });

  it('was our acquisition, found out when its lease was over and somebody else took it: that one has it', async () => {
    const vfs = prepared();
    const rival = lockOn(lab.machine());
    vfs.next('replace', async (call) => {
      lab.put(undefined);
      await rival.acquire();
      return call();
    });
    const lock = lockOn(vfs, { ttl: 1000, renew: false });
    const trying = lock.tryAcquire();
    await pass(4000);
    expect(await trying).toBe(false);
    expect(lab.record?.lockId).toBe(rival.record?.lockId);
  });

  function prepared(): FaultyVfs {
    const vfs = lab.machine();
    vfs.next('create', late(4000, fault));
    return vfs;
  }

  it('was our takeover: it is recognised, and tells whom it took the lock from', async () => {
    const victim = lockOn(lab.machine(), { ttl: 1000, renew: false, ownerId: 'victim' });
    await victim.acquire();
    await pass(1100);
    const vfs = lab.machine();
    const thief = lockOn(vfs, { ttl: 10_000, renew: false, ownerId: 'thief' });
    vfs.next('replace', late(4000, fault));
    const acquiring = thief.tryAcquire();
    await pass(4000);
    expect(await acquiring).toBe(true);
    expect(thief.reclaimedFrom).toMatchObject({ ownerId: 'victim', reason: 'expired' });
    expect(thief.remainingMs).toBe(6000);
    expect(lab.record?.ownerId).toBe('thief');
  });

  it('was our renewal: it counts from before the request, and the next ones build on it', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ttl: 10_000, renew: false });
    await lock.acquire();
    await pass(5000);
    vfs.next('replace', late(3000, fault));
    const renewing = lock.renew();
    await pass(3000);
    await renewing;
    expect(lock.remainingMs).toBe(7000);
    expect(lab.record).toMatchObject({ renewals: 1, nonce: lock.record?.nonce });
    await lock.renew();
    expect(lab.record?.renewals).toBe(2);
    expect(lock.remainingMs).toBe(10_000);
    expect(await lock.release()).toBe(true);
    expect(lab.bytes).toBeUndefined();
  });
});

describe('a release', () => {
  it('whose reply was lost is recognised', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs);
    await lock.acquire();
    vfs.next('remove', replyLost);
    expect(await lock.release()).toBe(true);
    expect(lab.bytes).toBeUndefined();
  });

  it('whose reply was lost stays a success though a rival has the lock by the time we look', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs);
    const rival = lockOn(lab.machine());
    await lock.acquire();
    vfs.next('remove', async (call, signal) => {
      await call();
      await rival.acquire();
      return requestLost(call, signal);
    });
    expect(await lock.release()).toBe(true);
    expect(lab.record?.lockId).toBe(rival.record?.lockId);
  });

  it('whose request was lost is sent again', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs);
    await lock.acquire();
    vfs.next('remove', requestLost, requestLost);
    const releasing = lock.release();
    await pass(1000);
    expect(await releasing).toBe(true);
    expect(lab.bytes).toBeUndefined();
  });

  it('that the store never accepts rejects, and can be tried again', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs);
    await lock.acquire();
    vfs.always('remove', refused);
    vfs.always('replace', refused);
    const releasing = outcome(lock.release());
    await pass(10_000);
    expect(releasing.error).toMatchObject({ code: 'ERR_VFS_DENIED' });
    expect(lock.held).toBe(false);
    vfs.always('remove', undefined);
    expect(await lock.release()).toBe(true);
    expect(lab.bytes).toBeUndefined();
  });

  it('that the store never accepts is a warning to withLock, and hides neither result nor error', async () => {
    const vfs = lab.machine();
    vfs.always('remove', requestLost);
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const working = withLock(new VfsFile(vfs, FILE), () => 42, { ttl: 1000 });
    const failing = outcome(withLock(new VfsFile(lab.machine(), 'other'), () => Promise.reject(new Error('mine'))));
    await pass(20_000);
    expect(await working).toBe(42);
    const warning = expect.stringMatching(/the connection broke; it stays locked until its lease ends$/) as string;
    expect(warn.mock.calls).toEqual([[warning, { code: 'VFS_LOCKFILE_RELEASE' }]]);
    warn.mockRestore();
    expect(failing.error).toEqual(new Error('mine'));
  });

  it('takes along a renewal that is still on its way', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs, { renew: false });
    await lock.acquire();
    const gate = gated();
    vfs.next('replace', async (call, signal) => {
      await gate.fault(call, signal);
      return requestLost(call, signal);
    });
    const renewing = outcome(lock.renew());
    await gate.reached;
    const releasing = lock.release();
    gate.open();
    expect(await releasing).toBe(true);
    expect(lab.bytes).toBeUndefined();
    expect(renewing.open).toBe(false);
  });
});

describe('a renewal', () => {
  it('whose request was lost rejects, and the lock is still ours to renew', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ttl: 10_000, renew: false });
    await lock.acquire();
    await pass(4000);
    vfs.next('replace', requestLost, refused);
    await expect(lock.renew()).rejects.toMatchObject({ effect: 'unknown' });
    await expect(lock.renew()).rejects.toMatchObject({ effect: 'none' });
    expect(lock.held).toBe(true);
    expect(lock.remainingMs).toBe(6000);
    await lock.renew();
    expect(lock.remainingMs).toBe(10_000);
  });

  it('that cannot be settled, because the store cannot be read, rejects and leaves the lock as it was', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ttl: 10_000, renew: false });
    await lock.acquire();
    await pass(4000);
    vfs.next('replace', replyLost);
    vfs.next('read', requestLost);
    await expect(lock.renew()).rejects.toThrow(VfsError);
    expect(lock.held).toBe(true);
    expect(lock.remainingMs).toBe(6000);
    await lock.renew();
    expect(lock.remainingMs).toBe(10_000);
    expect(await lock.release()).toBe(true);
  });

  it("that was refused because the lock is a rival's, or gone, is a loss with its reason", async () => {
    const owner = lockOn(lab.machine(), { renew: false });
    await owner.acquire();
    lab.put(undefined);
    const rival = lockOn(lab.machine());
    await rival.acquire();
    const seen = lab.bytes;
    await expect(owner.renew()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'stolen' });
    expect(owner.signal.reason).toBeInstanceOf(LockLostError);
    expect(await owner.release()).toBe(false);
    expect(lab.bytes).toBe(seen);
    lab.put(undefined);
    await expect(rival.renew()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'removed' });
  });
});

describe('an acquisition', () => {
  it('that the store refuses without effect rejects at once, and looks for no ghost', async () => {
    const vfs = lab.machine();
    vfs.next('create', refused);
    await expect(lockOn(vfs).acquire()).rejects.toMatchObject({ code: 'ERR_VFS_DENIED' });
    expect(vfs.calls).toEqual(['create']);
  });

  it('whose request was lost tries again, and a request that comes late changes nothing', async () => {
    const vfs = lab.machine();
    let comeLate: (() => Promise<unknown>) | undefined;
    vfs.next('create', (call, signal) => {
      comeLate = call;
      return requestLost(call, signal);
    });
    const lock = lockOn(vfs);
    expect(await lock.tryAcquire()).toBe(true);
    const seen = lab.bytes;
    expect(await comeLate?.()).toBeUndefined();
    expect(lab.bytes).toBe(seen);
    expect(await lock.release()).toBe(true);
  });

  it('whose reply was lost finds a rival if one is there, and leaves the rival alone', async () => {
    const rival = lockOn(lab.machine(), { ownerId: 'rival' });
    await rival.acquire();
    const seen = lab.bytes;
    const vfs = lab.machine();
    vfs.next('create', replyLost);
    await expect(lockOn(vfs).acquire({ wait: 0 })).rejects.toThrow(LockHeldError);
    expect(lab.bytes).toBe(seen);
    expect(vfs.count('remove')).toBe(0);
  });

  it('that cannot find out whether it won rejects, and takes its ghost away', async () => {
    const vfs = lab.machine();
    vfs.next('create', replyLost);
    vfs.next('read', requestLost);
    await expect(lockOn(vfs).acquire()).rejects.toThrow(VfsError);
    expect(lab.bytes).toBeUndefined();
    expect(vfs.count('remove')).toBe(1);
  });

  it('that is abandoned while its request is on the way takes its ghost away when it has landed by then', async () => {
    const vfs = lab.machine();
    vfs.next('create', async (call, signal) => {
      await hangs(call, signal).catch(() => call());
      return requestLost(call, signal);
    });
    const controller = new AbortController();
    const acquiring = lockOn(vfs).acquire({ signal: controller.signal });
    await pass(0);
    controller.abort(new Error('changed my mind'));
    await expect(acquiring).rejects.toThrow('changed my mind');
    expect(lab.bytes).toBeUndefined();
    expect(vfs.calls).toContain('remove');
  });

  it("that is abandoned rejects with the caller's own reason though its ghost cannot be taken away", async () => {
    const vfs = lab.machine();
    vfs.next('create', async (call, signal) => {
      await hangs(call, signal).catch(() => call());
      return requestLost(call, signal);
    });
    vfs.always('remove', refused);
    const acquiring = lockOn(vfs).acquire({ signal: AbortSignal.abort(new Error('before')) });
    await expect(acquiring).rejects.toThrow('before');
    expect(vfs.calls).toEqual([]);
    const controller = new AbortController();
    const second = lockOn(vfs).acquire({ signal: controller.signal });
    await pass(0);
    controller.abort(new Error('during'));
    await expect(second).rejects.toThrow('during');
    expect(lab.bytes).toBeDefined();
  });

  it('that is abandoned and lands still later is a ghost until its lease ends, and no longer', async () => {
    const vfs = lab.machine();
    let comeLate: (() => Promise<unknown>) | undefined;
    vfs.next('create', (call, signal) => {
      comeLate = call;
      return hangs(call, signal);
    });
    const controller = new AbortController();
    const acquiring = lockOn(vfs, { ttl: 5000, ownerId: 'ghost' }).acquire({ signal: controller.signal });
    await pass(0);
    controller.abort();
    await expect(acquiring).rejects.toThrow();
    expect(await comeLate?.()).toBeDefined();
    const next = lockOn(lab.machine());
    expect(await next.tryAcquire()).toBe(false);
    await pass(4900);
    expect(await next.tryAcquire()).toBe(false);
    await pass(200);
    expect(await next.tryAcquire()).toBe(true);
    expect(next.reclaimedFrom).toMatchObject({ ownerId: 'ghost', reason: 'expired' });
  });

  it('that takes longer than its lease to be answered is renewed before it counts, or not counted', async () => {
    const vfs = lab.machine();
    vfs.next('create', slow(3000));
    const lock = lockOn(vfs, { ttl: 1000, renew: false });
    const acquiring = lock.tryAcquire();
    await pass(3000);
    expect(await acquiring).toBe(true);
    expect(lock.remainingMs).toBe(1000);
    await lock.release();
    vfs.next('create', async (call, signal) => {
      const answer = await call();
      await pass(3000);
      await lockOn(lab.machine(), { ownerId: 'thief' }).acquire();
      return signal?.aborted ? undefined : answer;
    });
    expect(await lock.tryAcquire()).toBe(false);
    expect(lab.record?.ownerId).toBe('thief');
  });

  it('that was ended by force before its answer came is over: the same call acquires the lock by another id', async () => {
    const vfs = lab.machine();
    let first = '';
    vfs.next('create', async (call) => {
      const answer = await call();
      await pass(3000);
      first = lab.record?.lockId ?? '';
      await forceRelease(new VfsFile(lab.machine(), FILE), { expect: first });
      return answer;
    });
    const lock = lockOn(vfs, { ttl: 1000, renew: false, fencing: true });
    const acquiring = lock.acquire({ wait: '1m' });
    await pass(10_000);
    await acquiring;
    expect(lab.record?.fencingToken).toBe('2');
    expect(first).not.toBe('');
    expect(lab.record?.lockId).not.toBe(first);
  });
});
