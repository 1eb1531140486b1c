import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { LockOptionError, VfsFile, type ReadOptions, type Snapshot } from '../../../../src/index.js';
import { inspect } from '../../../../src/admin/index.js';
import { WrappedVfs } from '../../stores/wrapped-vfs.js';
import { fileAt, foreign, held, lockless, namesIn, putLock, untilStale } from '../locks.js';
import type { Suite } from '../stores.js';

export const inspectSuite: Suite = (place, kind) => {
  describe('inspect', () => {
    it('tells of a free file that it is free', async () => {
      const file = fileAt(place(), 'a');
      expect(await inspect(file)).toEqual({
        state: 'free',
        reason: undefined,
        record: undefined,
        foreign: undefined,
        ageMs: undefined,
        idleMs: undefined,
        expiresInMs: undefined,
        timed: false,
        path: `${file.toString()}.lock`,
        version: undefined,
        id: undefined,
      });
    });

    it('tells who holds a lock, since when and for how much longer', async () => {
      const file = fileAt(place(), 'a');
      const lock = await held(file, { ttl: '10m', ownerId: 'ingest-1' });
      const seen = await inspect(file);
      expect(seen).toMatchObject({ state: 'held', reason: undefined, timed: true, path: lock.path });
      expect(seen.record).toEqual(lock.record);
      const resolutionMs = file.vfs.capabilities.clock.resolutionMs;
      for (const ms of [seen.ageMs, seen.idleMs]) {
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThan(60_000);
      }
      expect(seen.expiresInMs).toBeCloseTo(600_000 + resolutionMs - Number(seen.idleMs), -2);
      await lock.release();
    });

    it('tells what is stale and why, and leaves it so', async () => {
      const file = fileAt(place(), 'a');
      const record = foreign({ leaseMs: 100, ownerId: 'gone' });
      await putLock(file.vfs, file.path, record);
      await untilStale(file);
      const before = await file.vfs.read(`${file.path}.lock`);
      const seen = await inspect(file);
      expect(seen).toMatchObject({ state: 'stale', reason: 'expired', expiresInMs: 0, version: before?.version });
      expect(seen.record?.ownerId).toBe('gone');
      expect(await namesIn(place())).toEqual(['a.lock']);
    });

    it('respects an incomplete record for as long as it was told to', async () => {
      const file = fileAt(place(), 'a');
      await putLock(file.vfs, file.path, '{');
      expect(await inspect(file)).toMatchObject({ state: 'unreadable', reason: undefined, record: undefined });
      const ms = 100 + 2 * file.vfs.capabilities.clock.resolutionMs;
      await new Promise((resolve) => setTimeout(resolve, ms));
      while ((await inspect(file, { ttl: 100 })).state !== 'stale');
      expect(await inspect(file, { ttl: 100 })).toMatchObject({ state: 'stale', reason: 'unreadable' });
      expect(await inspect(file)).toMatchObject({ state: 'unreadable' });
    });

    it('tells a tombstone from a lock, and a lock without end from others', async () => {
      const [tomb, endless] = [fileAt(place(), 'tomb'), fileAt(place(), 'endless')];
      await putLock(tomb.vfs, tomb.path, foreign({ released: true }));
      await putLock(endless.vfs, endless.path, foreign({ ttlMs: Infinity, leaseMs: Infinity }));
      expect(await inspect(tomb)).toMatchObject({ state: 'released', ageMs: undefined, expiresInMs: undefined });
      expect(await inspect(endless)).toMatchObject({ state: 'held', expiresInMs: Infinity });
    });

    it('refuses bad options and paths before any I/O, and gives up when told to', async () => {
      await expect(inspect(fileAt(place(), 'a'), { ttl: '3 parsecs' })).rejects.toThrow(LockOptionError);
      await expect(inspect(lockless(place()))).rejects.toMatchObject({ code: 'ERR_VFS_PATH' });
      await expect(inspect('ftp://host/file')).rejects.toMatchObject({ code: 'ERR_VFS_URI' });
      const reason = new Error('enough');
      await expect(inspect(fileAt(place(), 'a'), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });

    it.skipIf(!kind.onDisk)('F10: says that a folder stands in the lock file’s place', async () => {
      const file = fileAt(place(), 'a');
      mkdirSync(join(place().disk!, 'a.lock'));
      expect(await inspect(file)).toMatchObject({ state: 'held', record: undefined, foreign: { kind: 'folder' } });
    });

    it('knows only bounds where the store tells it no time, and says so', async () => {
      const file = fileAt(place(), 'a');
      await putLock(file.vfs, file.path, foreign({ leaseMs: 100 }));
      await untilStale(file);
      const timeless = new VfsFile(new TimelessVfs(file.vfs), file.path);
      const seen = await inspect(timeless);
      expect(seen).toMatchObject({ state: 'held', timed: false, version: (await inspect(file)).version });
      expect(seen.idleMs).toBeLessThan(50);
    });
  });
};

/** A store that reports no time, as a folder does that one may only read. */
class TimelessVfs extends WrappedVfs {
  /** Another store, of which this process has seen nothing yet. */
  override readonly storeId = 'timeless';

  override async read(path: string, options?: ReadOptions): Promise<Snapshot | undefined> {
    const snapshot = await super.read(path, options);
    return snapshot && { ...snapshot, nowMs: undefined };
  }
}
