import { beforeEach, describe, expect, it } from 'vitest';

import { inspect, type Inspection } from '../../../../src/admin/index.js';
import { LockNotHeldError, LockOptionError, VfsFile } from '../../../../src/index.js';
import type { FaultyVfs } from '../../../support/protocol/faulty-vfs.js';
import { FILE, Lab, lockOn, outcome, pass, useFakeTime } from '../../../support/protocol/lab.js';

useFakeTime();

const MINUTE = 60_000;

let lab: Lab;
let vfs: FaultyVfs;
beforeEach(() => {
  lab = new Lab();
  vfs = lab.machine();
});

const inspected = (): Promise<Inspection> => inspect(new VfsFile(lab.machine(), FILE));

describe('issue 12: lock.progress', () => {
  it('is written with the next renewal, without a request of its own, and again by every later one', async () => {
    const lock = lockOn(vfs, { ttl: '30s' });
    await lock.acquire();
    lock.progress({ done: 1, total: 40 });
    lock.progress({ done: 2, total: 40 });
    expect(vfs.calls).toEqual(['create']);
    expect(lab.record?.progress).toBeUndefined();
    await pass(10_000);
    expect(vfs.calls).toEqual(['create', 'replace']);
    expect(lab.record).toMatchObject({ renewals: 1, progress: { value: { done: 2, total: 40 } } });
    await pass(10_000);
    expect(lab.record?.progress?.value).toEqual({ done: 2, total: 40 });
    expect(await lock.release()).toBe(true);
  });

  it('shows a holder that lives and is stuck: how long there was none, to those who look and those who wait', async () => {
    const lock = lockOn(vfs, { ttl: '30s', ownerId: 'nightly' });
    await lock.acquire();
    expect((await inspected()).progressAgeMs).toBeUndefined();
    await pass(2 * MINUTE);
    lock.progress({ done: 12, total: 40, text: 'b.csv' });
    for (let minutes = 0; minutes < 14; minutes += 1) {
      await pass(MINUTE);
      // The same again is no progress.
      lock.progress({ done: 12, total: 40, text: 'b.csv' });
    }
    const seen = await inspected();
    expect(seen).toMatchObject({ state: 'held', record: { progress: { value: { done: 12 } } } });
    expect(seen.progressAgeMs).toBeGreaterThanOrEqual(14 * MINUTE);
    expect(seen.progressAgeMs).toBeLessThan(15 * MINUTE);
    const waiting = outcome(lockOn(lab.machine()).acquire({ wait: 0 }));
    await pass(10);
    expect(waiting.error).toMatchObject({
      code: 'ERR_LOCK_HELD',
      message: expect.stringMatching(/; 12 of 40, b\.csv \(no progress for 14m \d+s\)$/) as string,
    });
  });

  it('of the next holder begins anew', async () => {
    const lock = lockOn(vfs, { ttl: '30s' });
    await lock.acquire();
    lock.progress({ done: 40 });
    await lock.renew();
    await lock.release();
    const next = lockOn(lab.machine());
    await next.acquire();
    expect(lab.record?.progress).toBeUndefined();
  });

  it('that cannot be written is refused at once, and no renewal suffers from it', async () => {
    // A record of nearly 64 KiB, in which no progress has room.
    const lock = lockOn(vfs, {
      ttl: '30s',
      note: { text: 'x'.repeat(32_000) },
      command: Array(3950).fill('') as string[],
    });
    await lock.acquire();
    expect(() => lock.progress({ text: 'y'.repeat(1000) })).toThrow(LockOptionError);
    await lock.renew();
    expect(lab.record).toMatchObject({ renewals: 1, progress: undefined });
    expect(lock.held).toBe(true);
  });

  it('belongs to a lock that is held', async () => {
    const lock = lockOn(vfs, { ttl: '30s' });
    expect(() => lock.progress({ done: 1 })).toThrow(LockNotHeldError);
    await lock.acquire();
    expect(() => lock.progress({ text: 'x'.repeat(1024) })).toThrow(/at most 1024 bytes/);
    await lock.release();
    expect(() => lock.progress({ done: 1 })).toThrow(LockNotHeldError);
  });
});
