import { beforeEach, describe, expect, it, vi } from 'vitest';

import { inspect, sweep } from '../../../../src/admin/index.js';
import { LockTimeoutError, VfsError, VfsFile, type Snapshot } from '../../../../src/index.js';
import { refused, type StoreOptions } from '../../../support/protocol/faulty-vfs.js';
import { FILE, jump, Lab, lockOn, outcome, pass, useFakeTime } from '../../../support/protocol/lab.js';

useFakeTime();

const HOUR = 3_600_000;

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});

/** A lock that stays behind, as of a machine that went down. */
async function leave(options: Parameters<typeof lockOn>[1] = {}): Promise<void> {
  await lockOn(lab.machine(), { ttl: 10_000, renew: false, ownerId: 'gone', ...options }).acquire();
}

describe('a lock goes stale', () => {
  it('when its lease, counted by the store from its last write, is over, and not a moment before', async () => {
    await leave();
    const rival = lockOn(lab.machine());
    await pass(10_001);
    expect([await rival.isStale(), await rival.tryAcquire()]).toEqual([false, false]);
    await pass(1);
    expect([await rival.isStale(), await rival.tryAcquire()]).toEqual([true, true]);
    expect(rival.reclaimedFrom).toMatchObject({ reason: 'expired', ownerId: 'gone', leaseMs: 10_000 });
    await rival.release();
    await rival.acquire();
    expect(rival.reclaimedFrom).toBeUndefined();
  });

  it('for one of all who see it stale', async () => {
    await leave();
    await pass(11_000);
    const rivals = Array.from({ length: 20 }, () => lockOn(lab.machine()));
    const won = await Promise.all(rivals.map((rival) => rival.tryAcquire()));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(rivals.filter(({ reclaimedFrom }) => reclaimedFrom !== undefined)).toHaveLength(1);
  });

  it('and tells of the one that was taken over in the end, not of one that a rival was quicker to take', async () => {
    await leave({ ttl: 1000, ownerId: 'first' });
    await pass(1100);
    const vfs = lab.machine();
    vfs.next('replace', async (call) => {
      await lockOn(lab.machine(), { ttl: 1000, renew: false, ownerId: 'quicker' }).acquire();
      return call();
    });
    const lock = lockOn(vfs);
    const acquiring = lock.acquire();
    await pass(1500);
    await acquiring;
    expect(lock.reclaimedFrom).toMatchObject({ ownerId: 'quicker' });
    await lock.release();
    await leave({ ttl: 1000, ownerId: 'first' });
    await pass(1100);
    const quicker = lockOn(lab.machine());
    vfs.next('replace', async (call) => {
      await quicker.acquire();
      const answer = await call();
      await quicker.release();
      return answer;
    });
    expect(await lock.tryAcquire()).toBe(true);
    expect(lock.reclaimedFrom).toBeUndefined();
  });

  it('never while it is renewed, however old it is', async () => {
    const holder = lockOn(lab.machine(), { ttl: 1000 });
    await holder.acquire();
    const rival = lockOn(lab.machine(), { ttl: 100 });
    for (let second = 0; second < 20; second += 1) {
      await pass(1000);
      expect(await rival.tryAcquire()).toBe(false);
    }
    expect(await rival.age()).toBeGreaterThanOrEqual(19_000);
    expect(holder.held).toBe(true);
  });

  it.each([
    ['an hour ahead', HOUR],
    ['an hour behind', -HOUR],
  ])('by the clock of the store alone, also for a client whose clock is %s', async (_where, offset) => {
    await leave();
    jump(offset);
    const rival = lockOn(lab.machine());
    expect(await rival.tryAcquire()).toBe(false);
    await pass(9000);
    jump(-2 * offset);
    expect(await rival.tryAcquire()).toBe(false);
    const waiting = outcome(rival.acquire({ wait: '10s' }));
    await pass(500);
    jump(2 * offset);
    await pass(500);
    expect(waiting.open).toBe(true);
    await pass(200);
    expect(waiting).toEqual({ open: false, value: undefined });
    expect(rival.reclaimedFrom).toMatchObject({ reason: 'expired' });
  });
});

/** Stores that give no way to learn how old a lock is. */
const timeless: readonly (readonly [string, StoreOptions])[] = [
  [
    'tells no time',
    {
      capabilities: { clock: { source: 'none', resolutionMs: 0 } },
      seen: (snapshot: Snapshot) => ({ ...snapshot, nowMs: undefined }),
    },
  ],
  ['stamps the future', { seen: (snapshot: Snapshot) => ({ ...snapshot, modifiedMs: snapshot.modifiedMs + HOUR }) }],
];

describe.each(timeless)('where the store %s', (_how, options) => {
  it('a lock goes stale when it was seen unchanged for its whole lease', async () => {
    await leave();
    await pass(HOUR / 2);
    const rival = lockOn(lab.machine(options));
    expect(await rival.tryAcquire()).toBe(false);
    const waiting = outcome(rival.acquire({ wait: '20s' }));
    await pass(9990);
    expect(waiting.open).toBe(true);
    await pass(200);
    expect(waiting).toEqual({ open: false, value: undefined });
    expect(rival.reclaimedFrom).toMatchObject({ reason: 'expired', ownerId: 'gone' });
  });

  it('W2: many short tries of one process see a lock unchanged for its lease, as one long wait does', async () => {
    await leave();
    const vfs = lab.machine(options);
    for (let tries = 0; tries < 10; tries += 1) {
      expect(await lockOn(vfs).tryAcquire()).toBe(false);
      await pass(1000);
    }
    await pass(10);
    const last = lockOn(vfs);
    expect([await last.isStale(), await last.tryAcquire()]).toEqual([true, true]);
    expect(last.reclaimedFrom).toMatchObject({ reason: 'expired', ownerId: 'gone' });
  });

  it('W2: inspecting counts as well, and list and sweep find the lock stale in the end', async () => {
    await leave();
    const file = new VfsFile(lab.machine(options), FILE);
    expect(await inspect(file)).toMatchObject({ state: 'held', timed: false });
    await pass(10_010);
    expect(await inspect(file)).toMatchObject({ state: 'stale', reason: 'expired' });
    expect(await sweep({ vfs: file.vfs, path: '' })).toMatchObject({ removed: 1 });
  });

  it('W2: short tries never take a lock that is renewed meanwhile', async () => {
    const holder = lockOn(lab.machine(options), { ttl: 10_000 });
    await holder.acquire();
    const vfs = lab.machine(options);
    for (let tries = 0; tries < 40; tries += 1) {
      expect(await lockOn(vfs).tryAcquire()).toBe(false);
      await pass(1000);
    }
    expect(holder.held).toBe(true);
  });

  it('W2: a foreign lock file that was removed and made again has its whole time again, though its content is the same', async () => {
    const vfs = lab.machine(options);
    lab.put('');
    expect(await lockOn(vfs, { ttl: 10_000 }).tryAcquire()).toBe(false);
    await pass(9000);
    lab.put(undefined);
    lab.put('');
    await pass(2000);
    expect(await lockOn(vfs, { ttl: 10_000 }).tryAcquire()).toBe(false);
    await pass(10_010);
    expect(await lockOn(vfs, { ttl: 10_000 }).tryAcquire()).toBe(true);
  });

  it('a lock that is renewed meanwhile is never taken', async () => {
    const holder = lockOn(lab.machine(options), { ttl: 10_000 });
    await holder.acquire();
    const waiting = outcome(lockOn(lab.machine(options)).acquire({ wait: '30s' }));
    await pass(30_000);
    expect(waiting.error).toBeInstanceOf(LockTimeoutError);
    expect(holder.held).toBe(true);
  });

  it('a wall clock that jumps while somebody looks changes nothing', async () => {
    await leave();
    const waiting = outcome(lockOn(lab.machine(options)).acquire({ wait: '1m' }));
    await pass(5000);
    jump(HOUR);
    await pass(4000);
    expect(waiting.open).toBe(true);
    jump(-2 * HOUR);
    await pass(1300);
    expect(waiting).toEqual({ open: false, value: undefined });
  });
});

describe('grace', () => {
  it('lets only the same owner take a lock back that has just expired', async () => {
    await leave({ ownerId: 'ingest-1', grace: '5s' });
    await pass(10_100);
    expect(await lockOn(lab.machine(), { ownerId: 'ingest-2' }).tryAcquire()).toBe(false);
    expect(await lockOn(lab.machine()).tryAcquire()).toBe(false);
    const same = lockOn(lab.machine(), { ownerId: 'ingest-1' });
    expect(await same.tryAcquire()).toBe(true);
    expect(same.reclaimedFrom).toMatchObject({ reason: 'expired', ownerId: 'ingest-1' });
  });

  it('lets everybody take it once it is over', async () => {
    await leave({ ownerId: 'ingest-1', grace: '5s' });
    await pass(15_001);
    const other = lockOn(lab.machine(), { ownerId: 'ingest-2' });
    expect(await other.tryAcquire()).toBe(false);
    await pass(1);
    expect(await other.tryAcquire()).toBe(true);
  });

  it('makes nobody the same owner as a lock without one', async () => {
    await leave({ ownerId: '', grace: '5s' });
    await pass(10_100);
    expect(await lockOn(lab.machine()).tryAcquire()).toBe(false);
    await pass(5000);
    expect(await lockOn(lab.machine()).tryAcquire()).toBe(true);
  });
});

describe('onStale', () => {
  it('is asked with the record and the reason, and anything but false lets the takeover go on', async () => {
    for (const answer of [undefined, true, null, 0, '', Promise.resolve()]) {
      lab = new Lab();
      await leave();
      await pass(11_000);
      const onStale = vi.fn(() => answer);
      expect(await lockOn(lab.machine(), { onStale }).tryAcquire()).toBe(true);
      expect(onStale.mock.calls).toEqual([[expect.objectContaining({ ownerId: 'gone' }), 'expired']]);
    }
  });

  it.each([false, Promise.resolve(false)])('vetoes with false, once for each version that it sees', async (veto) => {
    await leave({ ttl: 1000 });
    const seen = lab.bytes;
    await pass(1100);
    const onStale = vi.fn(() => veto);
    const waiting = outcome(lockOn(lab.machine(), { onStale }).acquire({ wait: '4s' }));
    await pass(1000);
    expect(onStale).toHaveBeenCalledTimes(1);
    expect([lab.bytes, waiting.open]).toEqual([seen, true]);
    lab.put(seen?.replace('"pid"', ' "pid"'));
    await pass(900);
    expect(onStale).toHaveBeenCalledTimes(1);
    await pass(2100);
    expect(onStale).toHaveBeenCalledTimes(2);
    expect(waiting.error).toBeInstanceOf(LockTimeoutError);
  });

  it('ends the acquisition with what it throws, and the lock stays as it is', async () => {
    await leave();
    const seen = lab.bytes;
    await pass(11_000);
    const onStale = (): never => {
      throw new Error('ask the operator');
    };
    await expect(lockOn(lab.machine(), { onStale }).acquire()).rejects.toThrow('ask the operator');
    await expect(lockOn(lab.machine(), { onStale }).tryAcquire()).rejects.toThrow('ask the operator');
    expect(lab.bytes).toBe(seen);
  });

  it('may take its time, and the takeover fails when the lock changed hands meanwhile', async () => {
    await leave();
    await pass(11_000);
    const quick = lockOn(lab.machine());
    const slow = lockOn(lab.machine(), { onStale: () => quick.acquire() });
    expect(await slow.tryAcquire()).toBe(false);
    expect(quick.held).toBe(true);
    expect(lab.record?.lockId).toBe(quick.record?.lockId);
  });
});

describe('a lock file whose writer was interrupted', () => {
  it.each([
    ['empty', ''],
    ['torn', '{"createdAt": "2026-'],
  ])("is held by somebody unknown until the observer's own ttl is over, when it is %s", async (_what, content) => {
    lab.put(content);
    const onStale = vi.fn();
    const rival = lockOn(lab.machine(), { ttl: 10_000, onStale });
    expect(await rival.metadata()).toBeUndefined();
    await pass(10_001);
    expect([await rival.isStale(), await rival.tryAcquire()]).toEqual([false, false]);
    await expect(rival.acquire({ wait: 0 })).rejects.toThrow(/held by somebody unknown/);
    expect(lab.bytes).toBe(content);
    await pass(1);
    expect([await rival.isStale(), await rival.tryAcquire()]).toEqual([true, true]);
    expect(onStale.mock.calls).toEqual([[undefined, 'unreadable']]);
    expect(rival.reclaimedFrom).toEqual({ reason: 'unreadable' });
  });

  it('whose createdAt is missing, in year 1 or in the future goes by the store, like any other', async () => {
    for (const createdAt of [undefined, '0001-01-01T00:00:00Z', '2999-01-01T00:00:00Z', 'yesterday']) {
      lab = new Lab();
      lab.put(JSON.stringify({ createdAt, ttl: 10_000e6, hostname: 'elsewhere', pid: 1 }));
      const rival = lockOn(lab.machine(), { ttl: 100, renew: false });
      await pass(10_001);
      expect(await rival.tryAcquire()).toBe(false);
      await pass(1);
      expect(await rival.tryAcquire()).toBe(true);
    }
  });
});

describe('where nothing can be removed', () => {
  const options: StoreOptions = { capabilities: { remove: 'none' } };

  it('a lock is given back by a tombstone, which everybody takes for free', async () => {
    const vfs = lab.machine(options);
    const lock = lockOn(vfs, { ownerId: 'first' });
    await lock.acquire();
    const nonce = lock.record?.nonce;
    expect(await lock.release()).toBe(true);
    expect(vfs.count('remove')).toBe(0);
    expect(lab.record).toMatchObject({ released: true, ownerId: 'first' });
    expect(lab.record?.nonce).not.toBe(nonce);
    const next = lockOn(lab.machine(options), { ownerId: 'second' });
    expect([await next.isStale(), await next.age()]).toEqual([false, undefined]);
    expect(await next.tryAcquire()).toBe(true);
    expect(next.reclaimedFrom).toBeUndefined();
    expect(lab.record).toMatchObject({ released: false, ownerId: 'second' });
    expect(await lock.release()).toBe(false);
    expect(lab.record).toMatchObject({ released: false, ownerId: 'second' });
  });

  it('who left a tombstone takes it again by a single call, and others by two', async () => {
    const lab = new Lab();
    const vfs = lab.machine(options);
    const lock = lockOn(vfs);
    await lock.acquire();
    for (let round = 0; round < 3; round += 1) {
      await lock.release();
      vfs.calls.length = 0;
      await lock.acquire();
      expect(vfs.calls).toEqual(['replace']);
    }
    await lock.release();
    const other = lab.machine(options);
    await lockOn(other).acquire();
    expect(other.calls).toEqual(['read', 'replace']);
  });

  it('who left a tombstone that somebody else has taken over since looks who that is', async () => {
    const lab = new Lab();
    const vfs = lab.machine(options);
    const lock = lockOn(vfs);
    await lock.acquire();
    await lock.release();
    const other = lockOn(lab.machine(options));
    await other.acquire();
    vfs.calls.length = 0;
    expect(await lock.tryAcquire()).toBe(false);
    expect(vfs.calls).toEqual(['replace', 'read']);
    expect(await other.release()).toBe(true);
    expect(await lock.tryAcquire()).toBe(true);
  });

  it('who left a tombstone that was cleared away since takes the lock all the same', async () => {
    const lab = new Lab();
    const lock = lockOn(lab.machine(options));
    await lock.acquire();
    await lock.release();
    lab.put(undefined);
    expect(await lock.tryAcquire()).toBe(true);
  });

  it('a lock that may be written but not removed is given back by a tombstone', async () => {
    const lab = new Lab();
    const vfs = lab.machine();
    vfs.always('remove', refused);
    const lock = lockOn(vfs);
    await lock.acquire();
    expect(await lock.release()).toBe(true);
    expect(vfs.calls).toEqual(['create', 'remove', 'replace']);
    expect(lab.record?.released).toBe(true);
    expect(await lockOn(lab.machine()).tryAcquire()).toBe(true);
  });

  it('a lock that may be neither removed nor written any more fails to be given back, and says what was refused', async () => {
    const lab = new Lab();
    const vfs = lab.machine();
    const lock = lockOn(vfs);
    await lock.acquire();
    vfs.always('remove', refused);
    vfs.always('replace', () => Promise.reject(new VfsError('ERR_VFS_DENIED', 'no writing')));
    const releasing = outcome(lock.release());
    await pass(2000);
    expect(String(releasing.error)).toContain('permission denied');
    expect(lab.record?.released).toBe(false);
  });

  it('one of many takes a tombstone', async () => {
    const first = lockOn(lab.machine(options));
    await first.acquire();
    await first.release();
    const rivals = Array.from({ length: 20 }, () => lockOn(lab.machine(options)));
    const won = await Promise.all(rivals.map((rival) => rival.tryAcquire()));
    expect(won.filter(Boolean)).toHaveLength(1);
  });

  it('a tombstone of a dead or long gone holder is free, not stale: nobody has to recover anything', async () => {
    await leave();
    lab.put(lab.bytes?.replace('"pid"', '"released": true, "pid"'));
    await pass(HOUR);
    const onStale = vi.fn();
    const next = lockOn(lab.machine(options), { onStale });
    expect(await next.tryAcquire()).toBe(true);
    expect([onStale.mock.calls, next.reclaimedFrom]).toEqual([[], undefined]);
  });

  it('a tombstone whose reply was lost is recognised', async () => {
    const vfs = lab.machine(options);
    const lock = lockOn(vfs);
    await lock.acquire();
    vfs.next('replace', async (call) => {
      await call();
      throw new Error('the connection broke');
    });
    expect(await lock.release()).toBe(true);
    expect(lab.record?.released).toBe(true);
  });
});
