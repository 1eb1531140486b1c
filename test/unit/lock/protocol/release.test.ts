import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { LockNotHeldError, type LockEvent } from '../../../../src/index.js';
import { gated, hangs, refused, replyLost, type FaultyVfs } from '../../../support/protocol/faulty-vfs.js';
import { jump, Lab, lockOn, outcome, pass, useFakeTime } from '../../../support/protocol/lab.js';

useFakeTime();

let lab: Lab;
let vfs: FaultyVfs;
let released: string[];
const note = (event: unknown): void => void released.push((event as LockEvent).reason);
beforeEach(() => {
  lab = new Lab();
  vfs = lab.machine();
  released = [];
  subscribe('vfs-lockfile:release', note);
});
afterEach(() => {
  unsubscribe('vfs-lockfile:release', note);
});

describe('A1: a release answers by the deadline', () => {
  it('false when it comes after it, though no timer fired and nobody asked before', async () => {
    const lock = lockOn(vfs, { ttl: 200, renew: false });
    await lock.acquire();
    jump(500);
    expect(await lock.release()).toBe(false);
    expect(lock.loss).toMatchObject({ reason: 'expired' });
    expect(lab.bytes).toBeUndefined();
  });

  it('true when it comes before it, though the store answers after it', async () => {
    const lock = lockOn(vfs, { ttl: 200, renew: false });
    await lock.acquire();
    vfs.next('remove', async (call) => {
      await call();
      await pass(1000);
      return true;
    });
    await pass(199);
    expect(await lock.release()).toBe(true);
    expect(lock.loss).toBeUndefined();
  });
});

describe('A2: a release', () => {
  it('counts the holder out before anything is sent', async () => {
    const lock = lockOn(vfs);
    await lock.acquire();
    const gate = gated();
    vfs.next('remove', gate.fault);
    const releasing = lock.release();
    expect([lock.held, lock.remainingMs, lock.record]).toEqual([false, 0, undefined]);
    expect(() => lock.assertHeld()).toThrow(LockNotHeldError);
    gate.open();
    expect(await releasing).toBe(true);
  });

  it('is shared by all calls during it, and later ones do nothing', async () => {
    const lock = lockOn(vfs);
    await lock.acquire();
    expect(await Promise.all([lock.release(), lock.release(), lock.release()])).toEqual([true, true, true]);
    expect(await lock.release()).toBe(false);
    expect(vfs.count('remove')).toBe(1);
    expect(lock.loss).toBeUndefined();
    expect(released).toEqual(['released']);
  });

  it('that failed for all calls during it can be tried again by all', async () => {
    const lock = lockOn(vfs);
    await lock.acquire();
    vfs.always('remove', refused);
    vfs.always('replace', refused);
    const failing = [outcome(lock.release()), outcome(lock.release())];
    await pass(10_000);
    expect(failing.map(({ error }) => (error as { code: string }).code)).toEqual(['ERR_VFS_DENIED', 'ERR_VFS_DENIED']);
    expect(vfs.count('remove')).toBe(3);
    vfs.always('remove', undefined);
    expect(await Promise.all([lock.release(), lock.release()])).toEqual([true, true]);
    expect(released).toEqual(['failed', 'released']);
  });
});

describe('U11: a release during an acquisition cancels it', () => {
  const cancelled = {
    code: 'ERR_LOCK_NOT_HELD',
    message: expect.stringContaining('while it was being acquired') as string,
  };

  it('while it waits for another caller in this process', async () => {
    const holder = lockOn(vfs);
    await holder.acquire();
    const lock = lockOn(vfs);
    const acquiring = outcome(lock.acquire({ wait: Infinity }));
    await pass(1000);
    expect(await lock.release()).toBe(false);
    expect(acquiring.error).toMatchObject(cancelled);
    expect(await holder.release()).toBe(true);
    expect(await lock.tryAcquire()).toBe(true);
    expect(await lock.release()).toBe(true);
  });

  it('while it waits for another process', async () => {
    const holder = lockOn(lab.machine());
    await holder.acquire();
    const lock = lockOn(vfs);
    const acquiring = outcome(lock.acquire({ wait: '1m' }));
    await pass(1000);
    expect(await lock.release()).toBe(false);
    expect(acquiring.error).toMatchObject(cancelled);
    await holder.release();
    await pass(60_000);
    expect([lock.held, lab.bytes]).toEqual([false, undefined]);
  });

  it.each(['acquire', 'tryAcquire'] as const)('while the store does not answer %s', async (method) => {
    const lock = lockOn(vfs);
    vfs.next('create', hangs);
    const acquiring = outcome<unknown>(lock[method]());
    await pass(0);
    expect(await lock.release()).toBe(false);
    expect(acquiring.error).toMatchObject(cancelled);
    expect(await lock.tryAcquire()).toBe(true);
  });

  it.each(['acquire', 'tryAcquire'] as const)('and releases what %s won meanwhile', async (method) => {
    const lock = lockOn(vfs);
    const gate = gated();
    vfs.next('create', async (call, signal) => {
      await gate.fault(() => Promise.resolve(), signal);
      return replyLost(call, signal);
    });
    const acquiring = outcome<unknown>(lock[method]());
    await gate.reached;
    const releasing = lock.release();
    gate.open();
    expect(await Promise.all([releasing, lock.release()])).toEqual([false, false]);
    expect(acquiring.error).toMatchObject(cancelled);
    expect([lock.held, lab.bytes]).toEqual([false, undefined]);
    await pass(60_000);
    expect(lab.bytes).toBeUndefined();
  });

  it('at the last moment, when the store has answered that the lock is ours', async () => {
    const lock = lockOn(vfs);
    const acquiring = outcome(lock.acquire());
    for (let turns = 0; vfs.count('create') === 0 || lab.bytes === undefined; turns += 1) await Promise.resolve();
    expect(await lock.release()).toBe(false);
    expect(acquiring.error).toMatchObject(cancelled);
    expect([lock.held, lab.bytes]).toEqual([false, undefined]);
  });
});

describe('W9, U5: a caller that waits for another one in this process', () => {
  it('says so in its error, whether or not that one has the lock yet', async () => {
    const foreign = lockOn(lab.machine(), { ownerId: 'elsewhere', pid: process.ppid });
    await foreign.acquire();
    const first = outcome(lockOn(vfs).acquire({ wait: '1h' }));
    await pass(1000);
    await expect(lockOn(vfs).acquire({ wait: 0 })).rejects.toMatchObject({
      code: 'ERR_LOCK_HELD',
      inThisProcess: true,
      message: expect.stringMatching(
        /^another caller in this process waits for .* which is held by elsewhere/,
      ) as string,
    });
    await foreign.release();
    await pass(60_000);
    expect(first.open).toBe(false);
    const waiting = outcome(lockOn(vfs).acquire({ wait: 1000 }));
    await pass(1000);
    expect(waiting.error).toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
      inThisProcess: true,
      message: expect.stringMatching(
        /is held by process \d+ on .*, another caller in this process: acquired/,
      ) as string,
    });
    expect((waiting.error as Error).message).not.toContain('changes hands');
  });

  it('says so where nothing is in the store yet', async () => {
    vfs.next('create', hangs);
    const first = lockOn(vfs);
    const acquiring = outcome(first.acquire({ wait: '1h' }));
    await pass(0);
    await expect(lockOn(vfs).acquire({ wait: 0 })).rejects.toThrow(/^another caller in this process holds .* or waits/);
    await first.release();
    expect(acquiring.open).toBe(false);
  });
});
