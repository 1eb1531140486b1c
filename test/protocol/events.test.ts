import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { publish } from '../../src/events.js';
import type { LockEvent, LockEventName } from '../../src/index.js';
import { refused } from './faulty-vfs.js';
import { Lab, lockOn, outcome, pass, useFakeTime } from './lab.js';

const NAMES: readonly LockEventName[] = ['acquire', 'wait', 'renew', 'steal', 'lost', 'release'];

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
    expect(heard.splice(0)).toEqual([['acquire', { ...about, attempt: 1, durationMs: number }]]);
    await lock.renew();
    expect(heard.splice(0)).toEqual([['renew', { ...about, attempt: 1, durationMs: number }]]);
    await pass(1000);
    expect(heard.splice(0)).toEqual([['renew', { ...about, attempt: 2, durationMs: number }]]);
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
    expect(heard[0]?.[1]).toMatchObject({ ownerId: 'thief', lockId: thief.record?.lockId, reason: 'expired' });
  });

  it('tell of a loss, for what reason and what kept it from being renewed', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ttl: 3000 });
    await lock.acquire();
    vfs.always('replace', refused);
    heard = [];
    await pass(3000);
    expect(heard).toEqual([
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
    const event = { path: '', backend: '', lockId: '', ownerId: '' };
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
