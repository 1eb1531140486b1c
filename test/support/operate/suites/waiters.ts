import { describe, expect, it, vi } from 'vitest';

import { inspect, list, sweep } from '../../../../src/admin/index.js';
import { Lockfile, VfsFile, type LockTimeoutError, type Waiter } from '../../../../src/index.js';
import { encodeMark, type WaiterMark } from '../../../../src/lock/model/waiter.js';
import { freshId } from '../../../../src/util/fresh-id.js';
import { waiterPath, waitersFolder } from '../../../../src/vfs/names.js';
import { markOf } from '../../marks.js';
import { all, fileAt, held } from '../locks.js';
import type { Place, Suite } from '../stores.js';

const POLL_MS = 50;

async function leave(place: Place, change?: Partial<WaiterMark>): Promise<string> {
  const mark = markOf(change);
  const path = waiterPath(`${place.path}/${mark.lock}`, freshId());
  await place.vfs.write(path, encodeMark(mark) ?? Buffer.from(''));
  return path;
}

/** The marks of a place. */
async function marks({ vfs, path }: Place): Promise<readonly string[]> {
  const folder = waitersFolder(path);
  const entries = await all(vfs.list(folder)).catch(() => []);
  return entries.map((entry) => entry.path).sort();
}

const owners = (waiters: readonly Waiter[] = []): readonly string[] => waiters.map(({ ownerId }) => ownerId).sort();

export const waitersSuite: Suite = (place) => {
  const waiting = async (): Promise<readonly Waiter[]> =>
    (await inspect(fileAt(place(), 'data.csv'), { waiters: true })).waiters ?? [];

  describe('who waits', () => {
    it('is shown while they wait, and in the error of one whose time is up, and nothing is left of them', async () => {
      const file = fileAt(place(), 'data.csv');
      const holder = await held(file);
      const wait = (ownerId: string, ms: number): Promise<Lockfile> => {
        const lock = new Lockfile(new VfsFile(place().rival(), file.path), {
          ownerId,
          user: 'anna',
          command: ['make'],
        });
        return lock.acquire({ wait: ms, poll: POLL_MS, announce: true }).then(() => lock);
      };
      const patient = [wait('one', 120_000), wait('two', 120_000)];
      await vi.waitFor(async () => expect(owners(await waiting())).toEqual(['one', 'two']), { timeout: 60_000 });
      const [first] = await waiting();
      expect(first).toMatchObject({ pid: process.pid, user: 'anna', command: ['make'], alive: true });
      const [listed] = await all(list(place(), { waiters: true }));
      expect(owners(listed?.waiters)).toEqual(['one', 'two']);
      expect(await inspect(file)).not.toHaveProperty('waiters');

      const error = await wait('three', 1500).catch((failure: unknown) => failure as LockTimeoutError);
      expect(owners((error as LockTimeoutError).waiters)).toEqual(['one', 'two']);
      expect((error as Error).message).toMatch(/; 2 others wait, the longest for .*; gave up after 1500 ms$/);

      await holder.release();
      const [winner] = await Promise.all([
        Promise.race(patient),
        vi.waitFor(async () => expect(await marks(place())).toHaveLength(1), { timeout: 60_000 }),
      ]);
      await winner.release();
      for (const lock of await Promise.all(patient)) await lock.release();
      await vi.waitFor(async () => expect(await marks(place())).toEqual([]), { timeout: 60_000 });
    });

    it('is not shown when the time of a mark is over, and sweep removes such marks and junk that is old', async () => {
      await held(fileAt(place(), 'data.csv'));
      const kept = await leave(place());
      const over = await leave(place(), { since: new Date(Date.now() - 7_200_000), forMs: 0, ownerId: 'over' });
      const young = waiterPath(`${place().path}/data.csv.lock`, freshId());
      const foreign = `${waitersFolder(place().path)}/notes.txt`;
      for (const path of [young, foreign]) await place().vfs.write(path, Buffer.from('{"lock":"\u001b[31m'));
      await vi.waitFor(async () => expect(owners(await waiting())).toEqual(['the other']), { timeout: 60_000 });
      const [waiter] = await waiting();
      expect(waiter).toMatchObject({ hostname: 'elsewhere', command: ['sync', '--all'], alive: undefined });
      expect(waiter?.waitedMs).toBeGreaterThanOrEqual(5000);
      expect(await all(list(place(), { recursive: true }))).toHaveLength(1);

      const swept = await all(sweep(place()));
      const told = swept.filter(({ kind }) => kind === 'waiter').map(({ action, reason }) => `${action}: ${reason}`);
      expect(told.sort()).toEqual(['left: waiting', 'left: young', 'removed: ended']);
      expect(await marks(place())).toEqual([foreign, kept, young].sort());
      expect(over).not.toBe(kept);
    });

    it('costs nothing and leaves nothing without announce', async () => {
      const holder = await held(fileAt(place(), 'data.csv'));
      const lock = new Lockfile(new VfsFile(place().rival(), fileAt(place(), 'data.csv').path));
      await expect(lock.acquire({ wait: 300, poll: POLL_MS })).rejects.toThrow('gave up after 300 ms');
      expect(await marks(place())).toEqual([]);
      expect(await holder.release()).toBe(true);
    });
  });
};
