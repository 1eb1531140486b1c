import { beforeEach, describe, expect, it, vi } from 'vitest';

import { memVfs } from '../../../../src/backends/mem/index.js';
import { LockHeldError, Lockfile, LockTimeoutError, VfsFile, withLock } from '../../../../src/index.js';
import { WrappedVfs } from '../../../support/stores/wrapped-vfs.js';
import { gated, hangs, slow } from '../../../support/protocol/faulty-vfs.js';
import { FILE, Lab, lockOn, outcome, pass, useFakeTime } from '../../../support/protocol/lab.js';

useFakeTime();

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});

/** One of several stores whose files have the same names. */
class Bucket extends WrappedVfs {
  override readonly storeId: string;

  constructor(endpoint: string) {
    super(memVfs());
    this.storeId = endpoint;
  }

  override locate(path: string): string {
    return `s3://bucket/${path}`;
  }
}

describe('callers in one process', () => {
  it('get the lock in the order in which they asked', async () => {
    const vfs = lab.machine();
    const order: number[] = [];
    let inside = 0;
    const all = Promise.all(
      Array.from({ length: 30 }, (_, place) =>
        withLock(new VfsFile(vfs, FILE), async () => {
          expect(++inside).toBe(1);
          order.push(place);
          await slow(7)(() => Promise.resolve(), undefined);
          inside -= 1;
        }),
      ),
    );
    await pass(30 * 7);
    await all;
    expect(order).toEqual(Array.from({ length: 30 }, (_, place) => place));
  });

  it('bother the store only one at a time', async () => {
    const vfs = lab.machine();
    const holder = lockOn(lab.machine());
    await holder.acquire();
    const waiting = Array.from({ length: 10 }, () => outcome(lockOn(vfs).acquire({ wait: '1m' })));
    await pass(100);
    const alone = lab.machine();
    const single = outcome(lockOn(alone).acquire({ wait: '1m' }));
    await pass(20_000);
    expect(waiting.every(({ open }) => open) && single.open).toBe(true);
    expect(vfs.count('read')).toBeLessThan(alone.count('read') * 2);
  });

  it('are passed over when they give up, and the others keep their order', async () => {
    const vfs = lab.machine();
    const holder = lockOn(vfs);
    await holder.acquire();
    const controller = new AbortController();
    const order: string[] = [];
    const come = async (name: string, options: { wait?: string; signal?: AbortSignal }): Promise<void> => {
      const lock = lockOn(vfs, { ownerId: name });
      await lock.acquire(options);
      order.push(name);
      await lock.release();
    };
    const a = come('a', {});
    const quitter = outcome(come('quitter', { signal: controller.signal }));
    const b = come('b', {});
    const hasty = outcome(come('hasty', { wait: '5s' }));
    const c = come('c', {});
    await pass(1000);
    controller.abort(new Error('enough'));
    await pass(4000);
    expect(quitter.error).toEqual(new Error('enough'));
    expect(hasty.error).toBeInstanceOf(LockTimeoutError);
    await holder.release();
    await Promise.all([a, b, c]);
    expect(order).toEqual(['a', 'b', 'c']);
  });

  it('are told who has the lock, though they never got to ask the store', async () => {
    const vfs = lab.machine();
    const holder = lockOn(vfs, { ownerId: 'ingest-1' });
    await holder.acquire();
    await pass(1000);
    const late = outcome(lockOn(vfs).acquire({ wait: '5s' }));
    await pass(5000);
    expect(late.error).toBeInstanceOf(LockTimeoutError);
    expect(late.error).toMatchObject({
      code: 'ERR_LOCK_TIMEOUT',
      path: holder.path,
      record: { ownerId: 'ingest-1', pid: process.pid },
      ageMs: expect.closeTo(6000, -3) as number,
    });
    expect((late.error as Error).message).toMatch(/held by ingest-1 \(process \d+ on .*gave up after 5000 ms$/);
  });

  it('are not kept waiting by a lock of the same name in another store', async () => {
    const [here, there] = [new Bucket('https://here.example'), new Bucket('https://there.example')];
    const held = new Lockfile(new VfsFile(here, FILE));
    await held.acquire();
    const other = new Lockfile(new VfsFile(there, FILE));
    expect(other.path).toBe(held.path);
    expect(await other.tryAcquire()).toBe(true);
    expect(await new Lockfile(new VfsFile(here, FILE)).tryAcquire()).toBe(false);
    await held.release();
    await other.release();
  });

  it('that do not wait do not stand in line', async () => {
    const vfs = lab.machine();
    const holder = lockOn(vfs);
    await holder.acquire();
    expect(await lockOn(vfs).tryAcquire()).toBe(false);
    await expect(lockOn(vfs).acquire({ wait: 0 })).rejects.toThrow(LockHeldError);
    const gate = gated();
    vfs.next('remove', gate.fault);
    const releasing = holder.release();
    await gate.reached;
    expect(await lockOn(vfs).tryAcquire()).toBe(false);
    gate.open();
    await releasing;
    expect(await lockOn(vfs).tryAcquire()).toBe(true);
  });

  it('go on when the holder before them lost the lock, though it was never given back', async () => {
    const vfs = lab.machine();
    await lockOn(vfs, { ttl: 1000, renew: false }).acquire();
    const next = lockOn(vfs);
    const waiting = outcome(next.acquire());
    await pass(1500);
    expect(waiting).toEqual({ open: false, value: undefined });
    expect(next.reclaimedFrom?.reason).toBe('expired');
  });

  it('cannot take or await one lock twice with one object', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs);
    const first = lock.acquire();
    await expect(lock.acquire()).rejects.toThrow(/use another object/);
    await first;
    await expect(lock.tryAcquire()).rejects.toThrow(LockHeldError);
    expect(lock.held).toBe(true);
  });
});

describe('waiting for somebody elsewhere', () => {
  it('only ever reads', async () => {
    const holder = lockOn(lab.machine());
    await holder.acquire();
    const vfs = lab.machine();
    const waiting = outcome(lockOn(vfs).acquire({ wait: '1m' }));
    await pass(30_000);
    expect(waiting.open).toBe(true);
    expect(vfs.calls.slice(0, 2)).toEqual(['create', 'read']);
    expect(new Set(vfs.calls.slice(1))).toEqual(new Set(['read']));
    await holder.release();
    await pass(200);
    expect(waiting.open).toBe(false);
  });

  it('ends when the time is up, to the millisecond, with the record, the age and the end of the lease', async () => {
    const holder = lockOn(lab.machine(), { ttl: '1m', renew: false, ownerId: 'ingest-1' });
    await holder.acquire();
    await pass(10_000);
    const waiting = outcome(lockOn(lab.machine()).acquire({ wait: '5s' }));
    await pass(4999);
    expect(waiting.open).toBe(true);
    await pass(1);
    const error = waiting.error as LockTimeoutError;
    expect(error).toBeInstanceOf(LockTimeoutError);
    expect(error.record?.ownerId).toBe('ingest-1');
    expect(error.ageMs).toBeGreaterThan(14_000);
    expect((error.ageMs ?? 0) + (error.expiresInMs ?? 0)).toBeCloseTo(60_001, 3);
    expect(vi.getTimerCount()).toBe(1);
  });

  it('ends at once when it is aborted, with the reason of the signal, and leaves no timer behind', async () => {
    const holder = lockOn(lab.machine(), { ttl: Infinity, renew: false });
    await holder.acquire();
    const controller = new AbortController();
    const lock = lockOn(lab.machine());
    const waiting = outcome(lock.acquire({ signal: controller.signal, wait: Infinity }));
    await pass(60_000);
    const reason = new Error('shutting down');
    controller.abort(reason);
    await pass(0);
    expect(waiting.error).toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
    await holder.release();
    expect(await lock.tryAcquire()).toBe(true);
  });

  it('ends when it is aborted while the store is thinking', async () => {
    const vfs = lab.machine();
    vfs.always('create', hangs);
    vfs.always('read', hangs);
    const controller = new AbortController();
    const waiting = outcome(lockOn(vfs).acquire({ signal: controller.signal }));
    await pass(1000);
    controller.abort(new Error('shutting down'));
    vfs.always('read', undefined);
    await pass(10);
    expect(waiting.error).toEqual(new Error('shutting down'));
  });

  it('does not begin when it is aborted already', async () => {
    const vfs = lab.machine();
    const reason = new Error('too late');
    await expect(lockOn(vfs).acquire({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(vfs.calls).toEqual([]);
  });

  it('tells on refusal who holds the lock, since when and until when', async () => {
    const holder = lockOn(lab.machine(), { ttl: 10_000, renew: false, ownerId: 'ingest-1', note: { job: 7 } });
    await holder.acquire();
    await pass(4000);
    const refusal = outcome(lockOn(lab.machine()).acquire({ wait: 0 }));
    await pass(0);
    expect(refusal.error).toBeInstanceOf(LockHeldError);
    expect(refusal.error).toMatchObject({
      code: 'ERR_LOCK_HELD',
      record: { ownerId: 'ingest-1', note: { job: 7 } },
      ageMs: expect.closeTo(4000, 3) as number,
      expiresInMs: expect.closeTo(6001, 3) as number,
    });
    expect((refusal.error as Error).message).toMatch(
      /held by ingest-1 .*: acquired 4.0 s ago \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\), its lease ends in 6.0 s unless renewed, its id is \w+/,
    );
  });

  it('is over for one of many when the lock is given back, and for each in the end', async () => {
    const holder = lockOn(lab.machine());
    await holder.acquire();
    let inside = 0;
    const all = Promise.all(
      Array.from({ length: 10 }, () =>
        withLock(new VfsFile(lab.machine(), FILE), async () => {
          expect(++inside).toBe(1);
          await slow(5)(() => Promise.resolve(), undefined);
          inside -= 1;
        }),
      ),
    );
    await pass(500);
    expect(inside).toBe(0);
    await holder.release();
    await pass(20_000);
    expect(await all).toHaveLength(10);
  });
});

describe('different locks', () => {
  it('do not wait for one another, whatever their names', async () => {
    const vfs = lab.machine();
    const names = ['a', 'A', 'a b', 'a%20b', 'b/a', 'a.lock', 'ä'];
    await vfs.write('b/x', Buffer.from(''));
    const locks = names.map((name) => new Lockfile(new VfsFile(vfs, name)));
    for (const lock of locks) expect(await lock.tryAcquire()).toBe(true);
    expect(new Set(locks.map(({ path }) => path)).size).toBe(names.length);
    for (const lock of locks) expect(await lock.release()).toBe(true);
  });

  it('of things that are no files are told apart by value and type', async () => {
    const vfs = lab.machine();
    const ids = ['5', 5, new Uint8Array([53]), 'x', 'X', '', -5, 'i-5', '../up', 'a/b', 'a\0b'];
    const locks = ids.map((id) => Lockfile.named(vfs, id));
    for (const lock of locks) expect(await lock.tryAcquire()).toBe(true);
    expect(await Lockfile.named(vfs, 5n).tryAcquire()).toBe(false);
    for (const lock of locks) expect(await lock.release()).toBe(true);
  });
});
