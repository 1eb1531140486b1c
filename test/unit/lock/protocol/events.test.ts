import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { events, publish } from '../../../../src/lock/model/events.js';
import type { LockEvent, LockEventName } from '../../../../src/index.js';
import { hangs, refused } from '../../../support/protocol/faulty-vfs.js';
import { Lab, lockOn, outcome, pass, useFakeTime } from '../../../support/protocol/lab.js';

const NAMES: readonly LockEventName[] = [
  ...(['wait', 'steal', 'acquire', 'timeout', 'fail'] as const),
  ...(['renew', 'lost', 'release', 'force-release'] as const),
];

useFakeTime();

let lab: Lab;
let heard: (readonly [LockEventName, LockEvent])[];
let stop: () => void;

beforeEach(() => {
  lab = new Lab();
  heard = [];
  const stops = NAMES.map((name) => {
    const listen = (event: unknown): void => void heard.push([name, event as LockEvent]);
    subscribe(`vfs-lockfile:${name}`, listen);
    return () => unsubscribe(`vfs-lockfile:${name}`, listen);
  });
  stop = () => {
    for (const each of stops) each();
  };
});
afterEach(() => {
  stop();
});

const number = expect.any(Number) as number;

describe('the events of a lock', () => {
  it('tell of an acquisition, its renewals and its release', async () => {
    const lock = lockOn(lab.machine(), { ttl: 3000, ownerId: 'ingest-1' });
    await lock.acquire();
    const about = { path: lock.path, backend: 'mem', lockId: lock.record?.lockId, ownerId: 'ingest-1' };
    const { record } = lock;
    expect(heard.splice(0)).toEqual([
      ['acquire', { ...about, attempt: 1, durationMs: number, reason: 'free', record }],
    ]);
    await lock.renew();
    expect(heard.splice(0)).toEqual([['renew', { ...about, attempt: 1, durationMs: number, reason: 'renewed' }]]);
    await pass(1000);
    expect(heard.splice(0)).toEqual([['renew', { ...about, attempt: 2, durationMs: number, reason: 'renewed' }]]);
    await lock.release();
    expect(heard).toEqual([['release', { ...about, attempt: 2, durationMs: 1000, reason: 'released' }]]);
  });

  it('tell of waiting for whom, and how many looks it took', async () => {
    const holder = lockOn(lab.machine(), { ownerId: 'ingest-1' });
    await holder.acquire();
    heard = [];
    const lock = lockOn(lab.machine(), { ownerId: 'ingest-2' });
    const waiting = lock.acquire();
    await pass(1000);
    const waits = heard.splice(0);
    expect(new Set(waits.map(([name]) => name))).toEqual(new Set(['wait']));
    expect(waits.map(([, { attempt }]) => attempt)).toEqual(waits.map((_, look) => look + 1));
    expect(waits[0]?.[1]).toEqual({
      path: lock.path,
      backend: 'mem',
      lockId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      ownerId: 'ingest-2',
      attempt: 1,
      durationMs: number,
      reason: expect.stringContaining('held by ingest-1') as string,
      holder: expect.objectContaining({ lockId: holder.record?.lockId, ownerId: 'ingest-1' }) as object,
    });
    await holder.release();
    heard = [];
    await pass(200);
    await waiting;
    const [last] = heard.slice(-1);
    expect(last?.[0]).toBe('acquire');
    expect(last?.[1]).toMatchObject({ lockId: lock.record?.lockId, durationMs: expect.closeTo(1000, -3) as number });
    expect(last?.[1].attempt).toBeGreaterThan(waits.length);
  });

  it('tell of a takeover and why, before the acquisition', async () => {
    await lockOn(lab.machine(), { ttl: 1000, renew: false }).acquire();
    await pass(1000);
    heard = [];
    await pass(100);
    const thief = lockOn(lab.machine(), { ownerId: 'thief' });
    await thief.tryAcquire();
    expect(heard.map(([name]) => name)).toEqual(['steal', 'acquire']);
    const taken = { ownerId: 'thief', lockId: thief.record?.lockId, attempt: 1, durationMs: number, reason: 'expired' };
    for (const [, event] of heard) expect(event).toMatchObject(taken);
  });

  it('tell of an acquisition that found the lock held, whether or not that is an error, and of one whose time was up', async () => {
    await lockOn(lab.machine(), { renew: false }).acquire();
    heard = [];
    const lock = lockOn(lab.machine(), { ownerId: 'late' });
    const about = { path: lock.path, backend: 'mem', lockId: expect.stringMatching(/^[0-9a-f]{32}$/) as string };
    await lock.tryAcquire();
    const atOnce = outcome(lock.acquire({ wait: 0 }));
    await pass(0);
    expect(atOnce.error).toMatchObject({ code: 'ERR_LOCK_HELD' });
    const held = ['timeout', { ...about, ownerId: 'late', attempt: 1, durationMs: number, reason: 'held' }];
    expect(heard.splice(0)).toEqual([held, held]);
    const waiting = outcome(lock.acquire({ wait: 5000 }));
    await pass(5000);
    expect(waiting.error).toMatchObject({ code: 'ERR_LOCK_TIMEOUT' });
    const waits = heard.filter(([name]) => name === 'wait');
    expect(heard.slice(waits.length)).toEqual([
      ['timeout', { ...about, ownerId: 'late', attempt: waits.length, durationMs: 5000, reason: 'timeout' }],
    ]);
    expect(new Set(heard.map(([, { lockId }]) => lockId)).size).toBe(1);
  });

  it('tell of an acquisition that was given up by its signal, and of one that failed', async () => {
    const vfs = lab.machine();
    await lockOn(lab.machine()).acquire();
    heard = [];
    const controller = new AbortController();
    const waiting = outcome(lockOn(vfs).acquire({ signal: controller.signal }));
    await pass(1000);
    controller.abort(new Error('enough'));
    await pass(0);
    expect(waiting.error).toBe(controller.signal.reason);
    expect(heard.at(-1)).toEqual(['fail', expect.objectContaining({ reason: 'aborted', error: waiting.error })]);
    heard = [];
    vfs.always('read', refused);
    const refusal = { code: 'ERR_VFS_DENIED' };
    const lock = lockOn(vfs);
    for (const take of [() => lock.tryAcquire(), () => lock.acquire(), () => lock.acquire({ wait: 0 })]) {
      await expect(take()).rejects.toMatchObject(refusal);
      const error = expect.objectContaining(refusal) as unknown;
      const failed = expect.objectContaining({ attempt: 1, durationMs: number, reason: 'failed', error }) as unknown;
      expect(heard.splice(0)).toEqual([['fail', failed]]);
    }
  });

  it('count the time in the own line of this process as waiting', async () => {
    const vfs = lab.machine();
    const first = lockOn(vfs);
    await first.acquire();
    heard = [];
    const second = lockOn(vfs);
    const waiting = second.acquire();
    await pass(2000);
    const reason = expect.stringContaining('another caller in this process') as string;
    expect(heard.splice(0)).toEqual([['wait', expect.objectContaining({ attempt: 0, reason })]]);
    await first.release();
    await waiting;
    const acquired = { lockId: second.record?.lockId, attempt: 1, durationMs: 2000, reason: 'free' };
    expect(heard.at(-1)).toEqual(['acquire', expect.objectContaining(acquired)]);
  });

  it('tell of a renewal that failed, but not of one that a release cut off', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ttl: 3000 });
    await lock.acquire();
    heard = [];
    vfs.next('replace', refused);
    await pass(1300);
    const error = expect.objectContaining({ code: 'ERR_VFS_DENIED' }) as unknown;
    const failed = { lockId: lock.record?.lockId, attempt: 0, durationMs: number, reason: 'failed', error };
    expect(heard[0]).toEqual(['renew', expect.objectContaining(failed)]);
    expect(heard.slice(1).map(([name, { reason }]) => [name, reason])).toContainEqual(['renew', 'renewed']);
    heard = [];
    vfs.always('replace', hangs);
    const renewing = outcome(lock.renew());
    await lock.release();
    expect(renewing.error).toBeDefined();
    expect(heard.map(([name, { reason }]) => [name, reason])).toEqual([['release', 'released']]);
  });

  it('tell of a loss, for what reason and what kept it from being renewed', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ttl: 3000 });
    await lock.acquire();
    vfs.always('replace', refused);
    heard = [];
    await pass(3000);
    expect(heard.filter(([name]) => name !== 'renew')).toEqual([
      [
        'lost',
        expect.objectContaining({
          reason: 'expired',
          durationMs: 3000,
          error: expect.objectContaining({ code: 'ERR_VFS_DENIED' }) as unknown,
        }),
      ],
    ]);
    heard = [];
    await lock.release();
    expect(heard).toEqual([['release', expect.objectContaining({ reason: 'released' })]]);
  });

  it('tell of a release that found the lock in other hands, and of one that failed', async () => {
    const lock = lockOn(lab.machine());
    await lock.acquire();
    lab.put(undefined);
    heard = [];
    await lock.release();
    expect(heard.splice(0)).toEqual([['release', expect.objectContaining({ reason: 'removed' })]]);
    const vfs = lab.machine();
    const unlucky = lockOn(vfs);
    await unlucky.acquire();
    vfs.always('remove', refused);
    vfs.always('replace', refused);
    heard = [];
    const releasing = outcome(unlucky.release());
    await pass(10_000);
    expect(releasing.error).toBeDefined();
    const failed = { reason: 'failed', error: releasing.error };
    expect(heard).toEqual([['release', expect.objectContaining(failed)]]);
  });

  it('are not even made when nobody listens', () => {
    const event = { path: '', backend: '', lockId: '', ownerId: '', attempt: 0, durationMs: 0, reason: '' };
    const make = vi.fn(() => event);
    stop();
    for (const name of NAMES) publish(name, make);
    expect(make).not.toHaveBeenCalled();
    subscribe('vfs-lockfile:steal', ignore);
    for (const name of NAMES) publish(name, make);
    unsubscribe('vfs-lockfile:steal', ignore);
    expect(make).toHaveBeenCalledTimes(1);
  });
});

function ignore(): void {
  return undefined;
}

describe('U27: the event of a wait', () => {
  it('shows who holds the lock, or how many callers of this process come first', async () => {
    const holder = lockOn(lab.machine(), { ownerId: 'ingest-1' });
    await holder.acquire();
    const vfs = lab.machine();
    heard = [];
    const waiting = [1, 2, 3].map(() => outcome(lockOn(vfs).acquire({ wait: 5000 })));
    await pass(6000);
    expect(waiting.map(({ open }) => open)).toEqual([false, false, false]);
    const waits = heard.flatMap(([name, event]) => (name === 'wait' ? [event] : []));
    expect(waits.slice(0, 3)).toMatchObject([{ position: 1 }, { position: 2 }, { holder: { ownerId: 'ingest-1' } }]);
  });
});

describe('U32: events', () => {
  it('calls the listener for each event with one of the names, until it is stopped', async () => {
    const seen: unknown[] = [];
    const end = events((name, { reason }) => seen.push([name, reason]), ['acquire', 'release']);
    const lock = lockOn(lab.machine());
    await lock.acquire();
    await lock.renew();
    await lock.release();
    end();
    await lock.acquire();
    expect(seen).toEqual([
      ['acquire', 'free'],
      ['release', 'released'],
    ]);
  });

  it('hears all of them by default, and refuses what it cannot hear', async () => {
    const names: string[] = [];
    const end = events((name) => names.push(name));
    const lock = lockOn(lab.machine());
    await lock.acquire();
    await lock.renew();
    end();
    expect(names).toEqual(['acquire', 'renew']);
    expect(() => events('lost' as never)).toThrow('listener must be a function, not a string: events(listener, names)');
    expect(() => events(() => undefined, ['gone' as never])).toThrow("there is no event 'gone'; there are wait, steal");
  });
});
