import { expect, it, vi } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import { lock, Lockfile, LockHeldError, LockNotHeldError, registerBackend, VfsFile } from '../../../src/index.js';
import { DetachedLock } from '../../../src/lock/detached.js';
import { acquisitions } from '../../../src/lock/protocol/acquisition.js';

it('U12: releaseAll releases all locks, and cancels the acquisitions that are under way', async () => {
  const vfs = memVfs();
  const [one, other] = [await lock(new VfsFile(vfs, 'one')), await lock(new VfsFile(vfs, 'other'))];
  const waiting = expect(lock(new VfsFile(vfs, 'one'), { wait: Infinity })).rejects.toThrow(LockNotHeldError);
  expect(await Lockfile.releaseAll()).toBe(2);
  await waiting;
  expect([one.held, other.held, one.loss]).toEqual([false, false, undefined]);
  expect(await vfs.stat('one.lock')).toBeUndefined();
  expect(await Lockfile.releaseAll()).toBe(0);
});

it('U12: releaseAll cancels who still waits for a store to open', async () => {
  registerBackend('never-opens', () => new Promise(() => undefined));
  const waiting = expect(lock('never-opens://host/file')).rejects.toThrow(LockNotHeldError);
  expect(await Lockfile.releaseAll()).toBe(0);
  await waiting;
});

it('U12: releaseAll does not wait for what was acquired for another process, or could not be', async () => {
  const file = new VfsFile(memVfs(), 'one');
  await new DetachedLock(file).acquire({ ttl: '1m' }, { waitMs: 0 });
  await expect(new DetachedLock(file).acquire({ ttl: '1m' }, { waitMs: 0 })).rejects.toThrow(LockHeldError);
  expect(acquisitions.size).toBe(0);
  expect(await Lockfile.releaseAll()).toBe(0);
});

it('U12: releaseAll does not reject: a release that fails is a warning', async () => {
  const vfs = memVfs();
  vi.spyOn(vfs, 'remove').mockRejectedValue(new Error('no network'));
  const warned = vi.spyOn(process, 'emitWarning').mockReturnValue();
  await lock(new VfsFile(vfs, 'one'));
  expect(await Lockfile.releaseAll()).toBe(0);
  expect(warned.mock.calls.map(([text]) => text)).toEqual(['Error: no network; it stays locked until its lease ends']);
  vi.restoreAllMocks();
});

it('U12: releaseOnExit listens once for all, and until the last one turns it off', () => {
  const before = process.listenerCount('exit');
  const [off, offToo] = [Lockfile.releaseOnExit(), Lockfile.releaseOnExit()];
  expect(process.listenerCount('exit')).toBe(before + 1);
  off();
  off();
  expect(process.listenerCount('exit')).toBe(before + 1);
  offToo();
  expect(process.listenerCount('exit')).toBe(before);
});
