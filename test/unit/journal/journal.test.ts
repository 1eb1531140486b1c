import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import { forceRelease } from '../../../src/admin/index.js';
import { memVfs } from '../../../src/backends/mem/index.js';
import { Lockfile, LockTimeoutError, VfsError, VfsFile, withLock, type Vfs } from '../../../src/index.js';
import {
  HistoryCounter,
  readHistory,
  startJournal,
  type HistoryEntry,
  type HistoryOptions,
} from '../../../src/journal/index.js';
import { encodeRecord } from '../../../src/lock/model/record.js';
import { GO_RECORD } from '../../support/records.js';
import { WrappedVfs } from '../../support/stores/wrapped-vfs.js';

async function historyOf(vfs: Vfs, options?: HistoryOptions): Promise<readonly HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  for await (const entry of readHistory({ vfs, path: 'jobs' }, options)) entries.push(entry);
  return entries;
}

const eventsOf = (entries: readonly HistoryEntry[]): readonly string[] => entries.map(({ event }) => event);

describe('the journal of a location', () => {
  test('says what happened to its locks, and to no others', async () => {
    const vfs = memVfs();
    const journal = await startJournal({ vfs, path: 'jobs' });
    await vfs.write('jobs/sub/a', Buffer.from(''));
    await withLock(new VfsFile(vfs, 'jobs/sub/a'), () => {}, { ownerId: 'me' });
    await vfs.write('elsewhere/a', Buffer.from(''));
    await withLock(new VfsFile(vfs, 'elsewhere/a'), () => {});
    await journal.close();
    await withLock(new VfsFile(vfs, 'jobs/sub/a'), () => {});
    const entries = await historyOf(vfs);
    expect(eventsOf(entries)).toEqual(['acquire', 'release']);
    expect(entries[0]).toMatchObject({
      lock: vfs.locate('jobs/sub/a.lock'),
      ownerId: 'me',
      pid: process.pid,
      reason: 'free',
    });
    expect(entries[0]?.lockId).toBe(entries[1]?.lockId);
  });

  test('says from whom a lock was taken over, who waited in vain, and who ended one by force', async () => {
    const vfs = memVfs();
    const file = new VfsFile(vfs, 'jobs/a');
    await vfs.write('jobs/a', Buffer.from(''));
    const journal = await startJournal({ vfs, path: 'jobs' });
    const gone = { lockId: 'gone', ownerId: 'before', hostname: 'far', pid: 5, ttlMs: 1, leaseMs: 1 };
    await vfs.write('jobs/a.lock', encodeRecord({ ...GO_RECORD, ...gone }));
    await sleep(10);
    const holder = new Lockfile(file, { ownerId: 'holder' });
    await holder.acquire();
    const rival = new Lockfile(file, { ownerId: 'rival' });
    await expect(rival.acquire({ wait: 30 })).rejects.toThrow(LockTimeoutError);
    await forceRelease(file, { expect: holder.record!.lockId, by: 'ann', reason: 'ticket 1' });
    await journal.close();
    const entries = await historyOf(vfs);
    expect(eventsOf(entries)).toEqual(['steal', 'acquire', 'wait', 'timeout', 'force-release']);
    expect(entries[0]).toMatchObject({ from: { lockId: 'gone', ownerId: 'before', hostname: 'far', pid: 5 } });
    expect(entries[4]).toMatchObject({ by: 'ann', reason: 'ticket 1', lockId: entries[1]?.lockId });
  });

  test('samples what repeats', async () => {
    const vfs = memVfs();
    await vfs.write('jobs/a', Buffer.from(''));
    const journal = await startJournal({ vfs, path: 'jobs' });
    const lock = new Lockfile(new VfsFile(vfs, 'jobs/a'), { renew: false });
    await lock.acquire();
    for (let round = 0; round < 20; round += 1) {
      await lock.renew();
      expect(await new Lockfile(new VfsFile(vfs, 'jobs/a')).tryAcquire()).toBe(false);
    }
    await lock.release();
    await journal.close();
    expect(eventsOf(await historyOf(vfs))).toEqual(['acquire', 'timeout', 'release']);
  });

  test('is one object for each write where the store cannot append', async () => {
    const inner = memVfs();
    const vfs = new WrappedVfs(inner);
    Object.defineProperty(vfs, 'append', { value: undefined });
    await inner.write('jobs/a', Buffer.from(''));
    const journal = await startJournal({ vfs, path: 'jobs' });
    for (let round = 0; round < 3; round += 1) {
      await withLock(new VfsFile(vfs, 'jobs/a'), () => {});
      await journal.flush();
    }
    await journal.close();
    const names: string[] = [];
    for await (const { path } of inner.list('jobs/.vfs-lockfile-journal')) names.push(path);
    expect(names).toHaveLength(3);
    expect(eventsOf(await historyOf(vfs))).toEqual(['acquire', 'release', 'acquire', 'release', 'acquire', 'release']);
  });

  test('never fails a lock, and the next line says how many are missing', async () => {
    const inner = memVfs();
    await inner.write('jobs/a', Buffer.from(''));
    let full = true;
    const errors: string[] = [];
    const append = (path: string, data: Uint8Array): Promise<void> =>
      full ? Promise.reject(new VfsError('ERR_VFS_FULL', 'no space left')) : inner.append(path, data);
    const vfs: Vfs = Object.assign(new WrappedVfs(inner), { append });
    const journal = await startJournal({ vfs, path: 'jobs' }, { onError: ({ message }) => errors.push(message) });
    for (let round = 0; round < 3; round += 1) {
      await withLock(new VfsFile(vfs, 'jobs/a'), () => {});
      await journal.flush();
    }
    expect(errors).toEqual(['no space left']);
    full = false;
    await withLock(new VfsFile(vfs, 'jobs/a'), () => {});
    await journal.close();
    const entries = await historyOf(vfs);
    expect(entries.map(({ dropped }) => dropped)).toEqual([6, 0]);
  });

  test('holds a bounded number of lines while its store hangs, and blocks no lock', async () => {
    const inner = memVfs();
    await inner.write('jobs/a', Buffer.from(''));
    let answer: (() => void) | undefined;
    const append = async (path: string, data: Uint8Array): Promise<void> => {
      if (answer === undefined) await new Promise<void>((resolve) => (answer = resolve));
      await inner.append(path, data);
    };
    const vfs: Vfs = Object.assign(new WrappedVfs(inner), { append });
    const journal = await startJournal({ vfs, path: 'jobs' });
    const file = new VfsFile(vfs, 'jobs/a');
    await withLock(file, () => {});
    await sleep(5);
    const command = Array.from({ length: 50 }, () => 'x'.repeat(200));
    for (let round = 0; round < 600; round += 1) await withLock(file, () => {}, { command });
    expect(journal.dropped).toBeGreaterThan(0);
    const missing = journal.dropped;
    answer?.();
    await journal.close();
    const counter = new HistoryCounter();
    for (const entry of await historyOf(vfs)) counter.add(entry);
    const { events, dropped } = counter.statistics;
    expect((events.acquire ?? 0) + (events.release ?? 0) + dropped).toBe(1202);
    expect(dropped).toBe(missing);
  });
});
