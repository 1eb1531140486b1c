import { beforeEach, describe, expect, it } from 'vitest';

import { LockReentrantError, VfsFile, withLock } from '../../../../src/index.js';
import { memVfs } from '../../../../src/backends/mem/index.js';
import type { FaultyVfs } from '../../../support/protocol/faulty-vfs.js';
import { FILE, Lab, lockOn, outcome, pass, useFakeTime } from '../../../support/protocol/lab.js';

useFakeTime();

let vfs: FaultyVfs;
let file: VfsFile;
beforeEach(() => {
  vfs = new Lab().machine();
  file = new VfsFile(vfs, FILE);
});

const reentrant = {
  name: 'LockReentrantError',
  code: 'ERR_LOCK_REENTRANT',
  path: expect.stringContaining(`${FILE}.lock`) as string,
  message: expect.stringContaining(`${FILE}.lock`) as string,
};

describe('U5: a call inside withLock that asks for the same lock', () => {
  it.each([
    ['withLock', () => withLock(file, () => undefined, { wait: Infinity })],
    ['acquire', () => lockOn(vfs).acquire({ wait: '1m' })],
    ['acquire without a wait', () => lockOn(vfs).acquire({ wait: 0 })],
  ])('by %s is refused at once, and the outer one goes on', async (_how, inner) => {
    const result = await withLock(file, async (_file, lock) => {
      await Promise.resolve();
      await expect(inner()).rejects.toMatchObject(reentrant);
      lock.assertHeld();
      return 'done';
    });
    expect(result).toBe('done');
    expect(vfs.count('create')).toBe(1);
  });

  it('by tryAcquire, which never waits, gets the answer false', async () => {
    expect(await withLock(file, () => lockOn(vfs).tryAcquire())).toBe(false);
  });

  it('is recognised through the locks of other files, and those can be acquired', async () => {
    const other = new VfsFile(vfs, 'other');
    const nested = withLock(file, () => withLock(other, () => withLock(file, () => 'never')));
    await expect(nested).rejects.toBeInstanceOf(LockReentrantError);
    expect(await withLock(file, () => withLock(other, () => 'both'))).toBe('both');
  });

  it('in another store is another lock', async () => {
    const elsewhere = new VfsFile(memVfs(), FILE);
    expect(await withLock(file, () => withLock(elsewhere, () => 'both'))).toBe('both');
  });

  it('gets it once the outer one has ended or was released, also when its code was started inside', async () => {
    let later: Promise<string> | undefined;
    await withLock(file, () => {
      later = pass(10).then(() => withLock(file, () => 'later'));
    });
    expect(await later).toBe('later');
    const again = withLock(file, async (_file, lock) => {
      await lock.release();
      return withLock(file, () => 'again');
    });
    expect(await again).toBe('again');
  });

  it('from outside waits for its turn', async () => {
    const outer = withLock(file, () => pass(100));
    const second = outcome(withLock(file, () => 'second'));
    await outer;
    await pass(1);
    expect(second.value).toBe('second');
  });
});
