import { expect, it } from 'vitest';

import { memVfs } from '../../../src/backends/mem/index.js';
import { pruneHistory, type PruneOptions } from '../../../src/journal/index.js';
import { useFakeClock } from '../../../src/testing/index.js';
import { all } from '../../support/operate/locks.js';

const JOURNAL = 'inbox/.vfs-lockfile-journal';

it('removes the files of days that are wholly older, and no others', async () => {
  using clock = useFakeClock(Date.parse('2026-03-01T12:00:00Z'));
  const vfs = memVfs();
  const old = ['2026-03-09.a.b', '2026-03-10.a.b', '2026-03-10.a.c.120000000-0123', '2026-03-11.a.b'];
  for (const name of old) await vfs.write(`${JOURNAL}/${name}.jsonl`, Buffer.from('{}\n'));
  for (const name of ['notes.txt', '2026-02-30', 'x.jsonl']) await vfs.write(`${JOURNAL}/${name}`, Buffer.from('mine'));
  await clock.advance('11d');
  // Somebody whose clock is late still writes this one.
  await vfs.append(`${JOURNAL}/2026-03-08.late.clock.jsonl`, Buffer.from('{}\n'));
  const prune = async (options: Partial<PruneOptions> = {}): Promise<readonly string[]> => {
    const days: string[] = [];
    const pruning = pruneHistory({ vfs, path: 'inbox' }, { olderThan: '1d', ...options });
    for await (const { path, day, size } of pruning) {
      expect([path, size]).toEqual([expect.stringContaining(`${JOURNAL}/${day}.`), 3]);
      days.push(day);
    }
    return days.sort();
  };
  const left = async (): Promise<number> => (await all(vfs.list(JOURNAL))).length;
  // It is noon of March 12.
  expect(await prune({ olderThan: '4d' })).toEqual([]);
  expect(await prune({ dryRun: true })).toEqual(['2026-03-09', '2026-03-10', '2026-03-10']);
  expect(await left()).toBe(8);
  expect(await prune({ olderThan: '2d' })).toEqual(['2026-03-09']);
  expect(await prune()).toEqual(['2026-03-10', '2026-03-10']);
  expect(await left()).toBe(5);
  expect(await prune()).toEqual([]);
});

it('takes nothing less than a day, and finds nothing where there is no journal', async () => {
  const place = { vfs: memVfs(), path: '' };
  expect(() => pruneHistory(place, { olderThan: '23h' })).toThrow('olderThan must be at least a day, not 23h');
  expect(await all(pruneHistory(place, { olderThan: '1d' }))).toEqual([]);
});
