import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from 'vitest';

import { Lockfile, LockOptionError, VfsError, VfsFile, type Capabilities } from '../../../../src/index.js';
import { freshId } from '../../../../src/util/fresh-id.js';
import { inspect, sweep, type Swept } from '../../../../src/admin/index.js';
import { encodeRecord } from '../../../../src/lock/model/record.js';
import { WrappedVfs } from '../../stores/wrapped-vfs.js';
import { all, fileAt, foreign, held, keepsTombstones, MeddledVfs, namesIn, putLock, untilStale } from '../locks.js';
import type { Place, Suite } from '../stores.js';

const HOUR_MS = 3_600_000;

const told = (steps: readonly Swept[]): Record<string, string> =>
  Object.fromEntries(steps.map(({ file, path, action, reason }) => [file?.name ?? path, `${action}: ${reason}`]));

/** A lock that nobody renews any more. */
async function stale(place: Place, name: string, change?: Parameters<typeof foreign>[0]): Promise<VfsFile> {
  const file = fileAt(place, name);
  await putLock(file.vfs, file.path, foreign({ leaseMs: 100, ...change }));
  return file;
}

export const sweepSuite: Suite = (place, kind) => {
  /** What becomes of a stale lock, and of its file. */
  const freed = (): 'removed' | 'released' => (keepsTombstones(place().vfs) ? 'released' : 'removed');

  describe('sweep', () => {
    it('removes what is stale, leaves all else, and says why', async () => {
      const { vfs } = place();
      const files = [await stale(place(), 'stale'), await stale(place(), 'sub/below')];
      const lock = await held(fileAt(place(), 'held'));
      await putLock(vfs, fileAt(place(), 'torn').path, '{"createdAt"');
      await putLock(vfs, fileAt(place(), 'in grace').path, foreign({ leaseMs: 100, graceMs: 100_000 }));
      await vfs.write(fileAt(place(), 'data.csv').path, Buffer.from('1,2'));
      await untilStale(...files);
      const run = sweep(place());
      expect(told(await all(run))).toEqual({
        stale: `${freed()}: expired`,
        held: 'left: held',
        torn: 'left: unreadable',
        'in grace': 'left: held',
      });
      const reasons = { expired: 1, held: 2, unreadable: 1 };
      expect(await run).toEqual({ removed: 0, released: 0, [freed()]: 1, left: 3, failed: 0, reasons });
      expect(await namesIn(place())).toEqual(['data.csv', 'held.lock', 'in grace.lock', 'sub/below.lock', 'torn.lock']);
      expect(await sweep(place(), { recursive: true })).toMatchObject({ [freed()]: 1, failed: 0 });
      expect(await namesIn(place())).toEqual(['data.csv', 'held.lock', 'in grace.lock', 'torn.lock']);
      expect(lock.held).toBe(true);
      expect(await lock.release()).toBe(true);
    });

    it('removes an empty lock file only when told to, and only once it is stale', async () => {
      const file = fileAt(place(), 'empty');
      await putLock(file.vfs, file.path, '');
      expect(await sweep(place(), { unreadable: true })).toMatchObject({ removed: 0, left: 1 });
      const ttl = 100;
      while ((await inspect(file, { ttl })).state !== 'stale') await sleep(50);
      expect(told(await all(sweep(place(), { ttl })))).toEqual({ empty: 'left: unreadable' });
      expect(told(await all(sweep(place(), { ttl, unreadable: true })))).toEqual({ empty: `${freed()}: unreadable` });
      expect(await namesIn(place())).toEqual([]);
    });

    it('leaves a lock that is renewed or taken over between the look and the removal', async () => {
      const file = await stale(place(), 'a');
      await untilStale(file);
      const rival = new Lockfile(new VfsFile(place().rival(), file.path));
      const late = new MeddledVfs(file.vfs, async () => expect(await rival.tryAcquire()).toBe(true));
      expect(told(await all(sweep({ ...place(), vfs: late })))).toEqual({ a: 'left: changed' });
      expect(await inspect(file)).toMatchObject({ state: 'held', record: { lockId: rival.record?.lockId } });
      expect(await rival.release()).toBe(true);
    });

    it('changes nothing in a dry run, and counts what it would have removed', async () => {
      await untilStale(await stale(place(), 'a'), await stale(place(), 'b'));
      const before = await namesIn(place());
      const run = sweep(place(), { dryRun: true });
      expect(told(await all(run))).toEqual({ a: 'would-remove: expired', b: 'would-remove: expired' });
      expect(run.totals).toMatchObject({ removed: 2, left: 0 });
      expect(await namesIn(place())).toEqual(before);
    });

    it('leaves what is younger than it was told, and never removes a live lock because it is older', async () => {
      await untilStale(await stale(place(), 'a'));
      const idle = await held(fileAt(place(), 'idle'), { ttl: '2h', renew: false });
      place().age('idle.lock', HOUR_MS);
      expect(told(await all(sweep(place(), { olderThan: '1m' })))).toEqual({ a: 'left: young', idle: 'left: held' });
      place().age('a.lock', 61_000);
      expect(told(await all(sweep(place(), { olderThan: '1m' })))).toEqual({
        a: `${freed()}: expired`,
        idle: 'left: held',
      });
      expect(await idle.release()).toBe(true);
    });

    it('leaves what onStale vetoes, and ends when that throws', async () => {
      await untilStale(await stale(place(), 'a', { ownerId: 'precious' }), await stale(place(), 'b'));
      const asked: unknown[] = [];
      const onStale = (...args: readonly unknown[]): boolean => {
        const [record, reason, file] = args as [{ ownerId: string }, string, VfsFile];
        asked.push([file.name, reason]);
        return record.ownerId !== 'precious';
      };
      expect(told(await all(sweep(place(), { onStale })))).toEqual({ a: 'left: vetoed', b: `${freed()}: expired` });
      expect(asked.sort()).toEqual([
        ['a', 'expired'],
        ['b', 'expired'],
      ]);
      const mine = new Error('not like this');
      const throwing = sweep(place(), {
        onStale: () => {
          throw mine;
        },
      });
      await expect(throwing.then()).rejects.toBe(mine);
      expect(await namesIn(place())).toEqual(['a.lock']);
    });

    it('removes tombstones past an hour where it can, but not those in which fencing tokens are counted', async () => {
      for (const name of ['young', 'old', 'fenced']) {
        const fencingToken = name === 'fenced' ? '7' : '';
        await putLock(place().vfs, fileAt(place(), name).path, foreign({ released: true, fencingToken }));
        if (name !== 'young') place().age(`${name}.lock`, HOUR_MS + 5000);
      }
      const tombstone = 'left: tombstone';
      const each = keepsTombstones(place().vfs)
        ? { young: tombstone, old: tombstone, fenced: tombstone }
        : { young: 'left: young', old: 'removed: released', fenced: tombstone };
      expect(told(await all(sweep(place())))).toEqual(each);
      const left = Object.keys(each).filter((name) => name !== 'old' || keepsTombstones(place().vfs));
      for (const name of left) expect(await inspect(fileAt(place(), name))).toMatchObject({ state: 'released' });
      expect(await inspect(fileAt(place(), 'old'))).toMatchObject({
        state: left.includes('old') ? 'released' : 'free',
      });
    });

    it('frees a stale lock by a tombstone where its record or its store needs one', async () => {
      const fenced = await stale(place(), 'fenced', { fencingToken: '7' });
      await untilStale(fenced);
      expect(told(await all(sweep(place())))).toEqual({ fenced: 'released: expired' });
      expect(await inspect(fenced)).toMatchObject({ state: 'released', record: { fencingToken: '7' } });
      const plain = await stale(place(), 'plain');
      await untilStale(plain);
      const unable = new UnableVfs(place().vfs);
      const run = sweep({ ...place(), vfs: unable });
      expect(told(await all(run))).toEqual({ fenced: 'left: tombstone', plain: 'released: expired' });
      expect(await run).toMatchObject({ removed: 0, released: 1, left: 1 });
      expect(await inspect(plain)).toMatchObject({ state: 'released' });
    });

    it('is done by ten at once as by one: each stale lock is removed once, and no live one', async () => {
      const files: VfsFile[] = [];
      for (let n = 0; n < 30; n += 1) files.push(await stale(place(), `file ${n}`));
      const live = await Promise.all([1, 2, 3].map((n) => held(fileAt(place(), `live ${n}`), { ttl: '1h' })));
      await untilStale(...files);
      const sweeps = await Promise.all(
        Array.from({ length: 10 }, async () => await sweep({ ...place(), vfs: place().rival() }, { concurrency: 4 })),
      );
      expect(sweeps.map(({ failed }) => failed)).toEqual(Array<number>(10).fill(0));
      expect(sweeps.reduce((sum, totals) => sum + totals[freed()], 0)).toBe(30);
      expect(live.map((lock) => lock.held)).toEqual([true, true, true]);
      expect(await Promise.all(live.map((lock) => lock.release()))).toEqual([true, true, true]);
      expect(await namesIn(place())).toEqual([]);
    });

    it('goes on after what fails, and tells of it', async () => {
      await untilStale(await stale(place(), 'a'), await stale(place(), 'b'), await stale(place(), 'c'));
      const denied = new VfsError('ERR_VFS_DENIED', 'permission denied');
      const unlucky = new MeddledVfs(place().vfs, (lock) =>
        lock.endsWith('a.lock') ? Promise.reject(denied) : Promise.resolve(),
      );
      unlucky.read = (lock, options) =>
        lock.endsWith('b.lock') ? Promise.reject(denied) : place().vfs.read(lock, options);
      const run = sweep({ ...place(), vfs: unlucky });
      const steps = await all(run);
      expect(told(steps)).toEqual({ a: 'left: failed', b: 'left: failed', c: `${freed()}: expired` });
      expect(steps.map(({ error }) => error).filter(Boolean)).toEqual([denied, denied]);
      expect(await run).toMatchObject({ [freed()]: 1, left: 2, failed: 2 });
    });

    it('stops when told to, finishes and counts what it had begun, and a second one does the rest', async () => {
      const files: VfsFile[] = [];
      for (let n = 0; n < 20; n += 1) files.push(await stale(place(), `file ${n}`));
      await untilStale(...files);
      const controller = new AbortController();
      const reason = new Error('ctrl-C');
      const run = sweep(place(), { signal: controller.signal, concurrency: 3 });
      const walk = async (): Promise<void> => {
        for await (const _step of run) if (run.totals[freed()] === 5) controller.abort(reason);
      };
      await expect(walk()).rejects.toBe(reason);
      const done = run.totals[freed()];
      expect(done).toBeGreaterThanOrEqual(5);
      expect(done).toBeLessThanOrEqual(8);
      expect(await namesIn(place())).toHaveLength(20 - done);
      expect(await sweep(place())).toMatchObject({ [freed()]: 20 - done });
      await expect(sweep(place(), { signal: AbortSignal.abort(reason) }).then()).rejects.toBe(reason);
    });

    it('refuses bad options at once, and locations that are none with a clear error', async () => {
      expect(() => sweep(place(), { olderThan: 'yesterday' })).toThrow(LockOptionError);
      expect(() => sweep(place(), { concurrency: 1001 })).toThrow(LockOptionError);
      expect(() => sweep(place(), { dryRun: 'yes' as unknown as boolean })).toThrow('dryRun must be a boolean');
      expect(() => sweep(place(), { onStale: 5 as unknown as () => boolean })).toThrow('onStale must be a function');
      await expect(sweep(place().nowhere).then()).rejects.toMatchObject({ code: 'ERR_VFS_NOT_FOUND' });
      expect(await sweep(place())).toEqual({ removed: 0, released: 0, left: 0, failed: 0, reasons: {} });
    });

    it(
      `among ${kind.many} locks is not stopped by the tenth of them that belongs to another program`,
      { timeout: 900_000 },
      async () => {
        const { many } = kind;
        const record = encodeRecord(foreign({ released: true }));
        for (let n = 0; n < many; n += 1) {
          const data = n % 10 === 0 ? Buffer.from(freshId()) : record;
          await place().vfs.write(fileAt(place(), `file ${n}.lock`).path, data);
        }
        const reasons = {
          foreign: many / 10,
          [keepsTombstones(place().vfs) ? 'tombstone' : 'young']: (many * 9) / 10,
        };
        expect(await sweep(place())).toEqual({ removed: 0, released: 0, left: many, failed: 0, reasons });
      },
    );
  });
};

class UnableVfs extends WrappedVfs {
  override get capabilities(): Capabilities {
    return { ...super.capabilities, remove: 'none' };
  }
}
