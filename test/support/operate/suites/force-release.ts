import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { lock, Lockfile, LockOptionError, VfsError, VfsFile, type LockEvent } from '../../../../src/index.js';
import { forceRelease, inspect, sweep } from '../../../../src/admin/index.js';
import { WrappedVfs } from '../../stores/wrapped-vfs.js';
import { fileAt, foreign, held, MeddledVfs, namesIn, putLock } from '../locks.js';
import type { Suite } from '../stores.js';

export const forceReleaseSuite: Suite = (place) => {
  describe('forceRelease', () => {
    let events: LockEvent[];
    const listen = (event: unknown): void => void events.push(event as LockEvent);

    beforeEach(() => {
      events = [];
      subscribe('vfs-lockfile:force-release', listen);
    });
    afterEach(() => {
      unsubscribe('vfs-lockfile:force-release', listen);
    });

    it('ends the lock expected, whose holder learns of it, and tells who did it and why', async () => {
      const file = fileAt(place(), 'a');
      const lock = await held(file, { ttl: '10m', ownerId: 'stuck' });
      const lockId = lock.record!.lockId;
      expect(await forceRelease(file, { expect: lockId, reason: 'ticket 4711', by: 'ann' })).toBe(true);
      expect(await inspect(file)).toMatchObject({ state: 'released' });
      await expect(lock.renew()).rejects.toMatchObject({
        ...{ code: 'ERR_LOCK_LOST', reason: 'removed', ended: { lockId, by: 'ann', reason: 'ticket 4711' } },
        message: `lost the lock ${lock.path}: it was ended by ann: ticket 4711`,
      });
      expect(events).toEqual([
        {
          path: lock.path,
          backend: file.vfs.scheme,
          lockId,
          ownerId: 'stuck',
          attempt: 1,
          durationMs: expect.any(Number) as number,
          reason: 'ticket 4711',
          by: 'ann',
        },
      ]);
      await lock.release();
      expect(await namesIn(place())).toEqual([]);
    });

    it('U9: the message for the holder outlives the next lock and its renewals, and is for that holder only', async () => {
      const file = fileAt(place(), 'a');
      const ended = { lockId: 'of the victim', by: 'ann', reason: 'ticket 4711' };
      await putLock(file.vfs, file.path, foreign({ released: true, ended }));
      const next = await held(file);
      await next.renew();
      expect(next.record).toMatchObject({ ended, released: false });
      await putLock(file.vfs, file.path, foreign({ ended }));
      const loss: unknown = await next.renew().catch((error: unknown) => error);
      expect(loss).toMatchObject({ reason: 'stolen', ended: undefined });
    });

    it('ends for good what is freed by a tombstone, which no renewal undoes', async () => {
      const vfs = new WrappedVfs(place().vfs);
      Object.defineProperty(vfs, 'capabilities', { value: { ...vfs.capabilities, remove: 'none' } });
      const file = new VfsFile(vfs, fileAt(place(), 'a').path);
      const lock = await held(file);
      expect(await forceRelease(file, { expect: lock.record!.lockId })).toBe(true);
      await expect(lock.renew()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'removed' });
      expect(lock.signal.aborted).toBe(true);
      expect(await inspect(file)).toMatchObject({ state: 'released' });
      expect(await new Lockfile(file).tryAcquire()).toBe(true);
    });

    it('changes nothing when the lock is another one, free already, or gone', async () => {
      const file = fileAt(place(), 'a');
      expect(await forceRelease(file, { expect: 'whoever' })).toBe(false);
      const lock = await held(file);
      expect(await forceRelease(file, { expect: 'somebody else' })).toBe(false);
      expect(lock.held).toBe(true);
      expect(await lock.release()).toBe(true);
      const tombstone = foreign({ released: true });
      await putLock(file.vfs, file.path, tombstone);
      expect(await forceRelease(file, { expect: tombstone.lockId })).toBe(false);
      expect(events).toEqual([]);
    });

    it('is not kept off by a renewal that comes in between, but by a new holder', async () => {
      const file = fileAt(place(), 'a');
      const lock = await held(file);
      const { lockId } = lock.record!;
      const meddling = (meddle: () => Promise<void>): VfsFile => {
        let meddled = false;
        const once = async (): Promise<void> => {
          if (!meddled) await meddle();
          meddled = true;
        };
        return new VfsFile(new MeddledVfs(file.vfs, once), file.path);
      };
      const rival = new Lockfile(new VfsFile(place().rival(), file.path));
      const handedOver = meddling(async () => {
        await lock.release();
        await rival.acquire();
      });
      expect(await forceRelease(handedOver, { expect: lockId })).toBe(false);
      expect(rival.held).toBe(true);
      const renewed = meddling(() => rival.renew());
      expect(await forceRelease(renewed, { expect: rival.record!.lockId })).toBe(true);
      expect(events.map(({ attempt, by }) => [attempt, by?.includes('@')])).toEqual([[2, true]]);
      await expect(rival.renew()).rejects.toMatchObject({ reason: 'removed' });
    });

    it('F5: ends a lock without a lockId by the id that was inspected', async () => {
      const file = fileAt(place(), 'a');
      await putLock(file.vfs, file.path, foreign({ lockId: '', leaseMs: Infinity, ttlMs: Infinity }));
      const { version, id } = await inspect(file);
      expect(id).toBe(version);
      expect(await forceRelease(file, { expect: id! })).toBe(true);
      await putLock(file.vfs, file.path, '{"createdAt"');
      expect(await forceRelease(file, { expect: version! })).toBe(false);
      expect(await forceRelease(file, { expect: (await inspect(file)).version! })).toBe(true);
      expect(await namesIn(place())).toEqual([]);
    });

    it('W8: ends a lock whose record is so large that it cannot be written again, and keeps its count of tokens', async () => {
      const file = fileAt(place(), 'a');
      const large = { ...foreign({ lockId: 'large' }), lease: 1e12, note: { list: Array<number>(20_000).fill(1) } };
      // Compact, it is smaller than the limit; with the indentation of a record it is far above.
      await putLock(file.vfs, file.path, JSON.stringify({ ...large, ttl: 1e12, fencingToken: '7' }));
      expect(await forceRelease(file, { expect: 'large' })).toBe(true);
      expect((await inspect(file)).record).toMatchObject({ released: true, fencingToken: '7' });
      await using next = await lock(file, { wait: 0, fencing: true });
      expect(next.fencingToken).toBe(8n);
    });

    it("U1: leaves another program's file alone, as does everybody else", async () => {
      const file = fileAt(place(), 'Gemfile');
      const content = 'GEM\n  specs:\n';
      await putLock(file.vfs, file.path, content);
      place().age('Gemfile.lock', 48 * 3_600_000);
      const refusal = { code: 'ERR_LOCK_FOREIGN', kind: 'file', beginning: 'GEM\\n  specs:\\n' };
      await expect(lock(file, { ttl: 100, wait: 0 })).rejects.toMatchObject(refusal);
      const { state, version } = await inspect(file, { ttl: 100 });
      expect(state).toBe('foreign');
      await expect(forceRelease(file, { expect: version! })).rejects.toMatchObject(refusal);
      expect(await sweep(place(), { ttl: 100, unreadable: true })).toMatchObject({
        removed: 0,
        reasons: { foreign: 1 },
      });
      expect(Buffer.from((await file.vfs.read(`${file.path}.lock`))!.data).toString()).toBe(content);
    });

    it('settles by a look what a lost answer leaves open, and passes on what the store refuses', async () => {
      const file = fileAt(place(), 'a');
      const record = foreign();
      await putLock(file.vfs, file.path, record);
      const vfs = new WrappedVfs(file.vfs);
      const lost = (): never => {
        throw new VfsError('ERR_VFS_IO', 'the connection broke', { effect: 'unknown' });
      };
      vfs.remove = (...args) => file.vfs.remove(...args).then(lost);
      vfs.replace = (...args) => file.vfs.replace(...args).then(lost);
      expect(await forceRelease(new VfsFile(vfs, file.path), { expect: record.lockId })).toBe(true);
      expect(events).toHaveLength(1);
      await putLock(file.vfs, file.path, record);
      const denied = new VfsError('ERR_VFS_DENIED', 'permission denied');
      vfs.remove = () => Promise.reject(denied);
      vfs.replace = () => Promise.reject(denied);
      await expect(forceRelease(new VfsFile(vfs, file.path), { expect: record.lockId })).rejects.toMatchObject({
        code: 'ERR_VFS_DENIED',
      });
      expect(events).toHaveLength(1);
    });

    it('refuses to be blind, before any I/O', async () => {
      const file = fileAt(place(), 'a');
      for (const options of [{ expect: '' }, {}, { expect: 5 }, { expect: 'x', reason: 5 }, { expect: 'x', by: {} }]) {
        await expect(forceRelease(file, options as { expect: string })).rejects.toThrow(LockOptionError);
      }
    });
  });
};
