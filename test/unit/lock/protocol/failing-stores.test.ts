import { beforeEach, describe, expect, it } from 'vitest';

import { VfsError, VfsFile, withLock } from '../../../../src/index.js';
import { hangs, refused, requestLost, slow, type Fault } from '../../../support/protocol/faulty-vfs.js';
import { FILE, Lab, lockOn, outcome, pass, useFakeTime } from '../../../support/protocol/lab.js';

useFakeTime();

let lab: Lab;
beforeEach(() => {
  lab = new Lab();
});

const failures: readonly (readonly [string, Fault, object])[] = [
  ['refuses', refused, { code: 'ERR_VFS_DENIED' }],
  ['leaves open whether it did it', requestLost, { code: 'ERR_VFS_IO', effect: 'unknown' }],
  ['throws an error of its own', () => Promise.reject(new Error('status 507')), { message: 'status 507' }],
];

describe.each(failures)('B5: a store that at every write %s', (_how, fault, failure) => {
  it.each(['free', 'stale'])('is never reported as held by anybody: a %s lock', async (state) => {
    const vfs = lab.machine();
    if (state === 'stale') {
      await lockOn(lab.machine(), { ttl: 1000, renew: false }).acquire();
      await pass(60_000);
    }
    vfs.always('create', fault);
    vfs.always('replace', fault);
    const once = outcome(lockOn(vfs).tryAcquire());
    await pass(1000);
    expect(once.error).toMatchObject(failure);
    const now = outcome(lockOn(vfs).acquire({ wait: 0 }));
    await pass(1000);
    expect(now.error).toMatchObject(failure);
    const waiting = outcome(lockOn(vfs).acquire({ wait: '10m' }));
    await pass(599_999);
    expect(waiting.error).toMatchObject(failure);
    const scoped = outcome(withLock(new VfsFile(vfs, FILE), () => 1));
    await pass(600_000);
    expect(scoped.error).toMatchObject(failure);
  });
});

describe('B5: a write that ends only because the time to wait is over', () => {
  it('is a time-out of the store, not a failure of it', async () => {
    const vfs = lab.machine();
    vfs.always('create', hangs);
    const waiting = outcome(lockOn(vfs).acquire({ wait: 3000 }));
    await pass(10_000);
    expect(waiting.error).toMatchObject({ code: 'ERR_VFS_TIMEOUT' });
  });
});

describe('B5: a store that cannot write for a while', () => {
  it('ends no wait when it recovers', async () => {
    const vfs = lab.machine();
    vfs.always('create', requestLost);
    const lock = lockOn(vfs);
    const waiting = outcome(lock.acquire({ wait: '10m' }));
    await pass(1);
    vfs.always('create', undefined);
    await pass(60_000);
    expect([waiting.error, lock.held]).toEqual([undefined, true]);
  });

  it('is the cause of the time-out of a wait for somebody who was seen', async () => {
    await lockOn(lab.machine(), { ttl: '1h', renew: false }).acquire();
    const vfs = lab.machine();
    vfs.always('create', requestLost);
    const waiting = outcome(lockOn(vfs).acquire({ wait: 5000 }));
    await pass(10_000);
    expect(waiting.error).toMatchObject({ code: 'ERR_LOCK_TIMEOUT', cause: { code: 'ERR_VFS_IO' } });
  });
});

/** A store of somebody who does not know about signals. */
const deaf: Fault = () => new Promise<never>(() => undefined);

describe('U3, W7: a store that never answers, and ignores signals', () => {
  const silence = {
    code: 'ERR_VFS_TIMEOUT',
    message: expect.stringMatching(/did not answer for 3 s; nobody is known to hold the lock$/) as string,
  };

  it.each(['create', 'read'] as const)('ends a wait: %s', async (verb) => {
    const vfs = lab.machine();
    if (verb === 'read') await lockOn(lab.machine(), { ttl: '1h', renew: false }).acquire();
    vfs.always(verb, deaf);
    const waiting = outcome(lockOn(vfs).acquire({ wait: 3000 }));
    await pass(2999);
    expect(waiting.open).toBe(true);
    await pass(2000);
    expect(waiting.error).toMatchObject(silence);
  });

  it.each([0, 60_000])('ends at the signal, with wait %s', async (wait) => {
    const vfs = lab.machine();
    vfs.always('create', deaf);
    const ending = new AbortController();
    const reason = new Error('enough');
    const waiting = outcome(lockOn(vfs).acquire({ wait, signal: ending.signal }));
    await pass(10);
    ending.abort(reason);
    await pass(1000);
    expect(waiting.error).toBe(reason);
  });

  it('ends a release, and a renewal at the deadline', async () => {
    const vfs = lab.machine();
    const lock = lockOn(vfs, { ttl: '5m' });
    await lock.acquire();
    vfs.always('remove', deaf);
    const releasing = outcome(lock.release());
    await pass(20_000);
    expect(releasing.error).toMatchObject({ code: 'ERR_VFS_TIMEOUT' });
  });

  it('leaves no lock behind when it answers after the caller has given up', async () => {
    const vfs = lab.machine();
    vfs.always('create', slow(60_000));
    const waiting = outcome(lockOn(vfs).acquire({ wait: 3000 }));
    await pass(10_000);
    expect(waiting.error).toMatchObject(silence);
    expect(lab.bytes).toBeUndefined();
    await pass(60_000);
    expect(lab.bytes).toBeUndefined();
    vfs.always('create', undefined);
    expect(await lockOn(vfs).tryAcquire()).toBe(true);
  });

  it('is named as such by its own error, which is kept as the cause', async () => {
    const vfs = lab.machine();
    vfs.always('create', () =>
      Promise.reject(new VfsError('ERR_VFS_TIMEOUT', 'no answer from h', { effect: 'unknown' })),
    );
    vfs.always('read', () => Promise.reject(new VfsError('ERR_VFS_TIMEOUT', 'no answer from h')));
    await expect(lockOn(vfs).tryAcquire()).rejects.toMatchObject({
      code: 'ERR_VFS_TIMEOUT',
      message: 'no answer from h; nobody is known to hold the lock',
      cause: { message: 'no answer from h' },
    });
    expect([vfs.count('create'), vfs.count('read')]).toEqual([1, 1]);
  });
});
