import { describe, expect, it } from 'vitest';

import { VfsFile, withLock } from '../../../../src/index.js';
import { readHistory, startJournal, type HistoryEntry } from '../../../../src/journal/index.js';
import { LINE_START } from '../../../../src/journal/line.js';
import { fileAt } from '../locks.js';
import type { Place, Suite } from '../stores.js';

const ROUNDS = 5;

async function historyOf({ vfs, path }: Place, onSkip?: () => void): Promise<readonly HistoryEntry[]> {
  const entries: HistoryEntry[] = [];
  for await (const entry of readHistory({ vfs, path }, { onSkip })) entries.push(entry);
  return entries;
}

export const journalSuite: Suite = (place, kind) => {
  describe('a journal', () => {
    it('keeps every line of two that write at once, whole and in order', async () => {
      const { vfs, path, rival } = place();
      // Another store in memory gives its files other names.
      const other = kind.name === 'memory' ? vfs : rival();
      const journals = [await startJournal({ vfs, path }), await startJournal({ vfs: other, path })];
      for (let round = 0; round < ROUNDS; round += 1) {
        await withLock(fileAt(place(), 'data.csv'), () => {}, { ownerId: String(round) });
        if (round % 2 === 0) await Promise.all(journals.map((journal) => journal.flush()));
      }
      await Promise.all(journals.map((journal) => journal.close()));
      let skipped = 0;
      const entries = await historyOf(place(), () => (skipped += 1));
      expect(skipped).toBe(0);
      for (const event of ['acquire', 'release']) {
        const owners = entries.filter((entry) => entry.event === event).map(({ ownerId }) => Number(ownerId));
        expect(owners.sort()).toEqual(Array.from({ length: ROUNDS }, (_, round) => [round, round]).flat());
      }
      expect(new Set(entries.map(({ lock }) => lock))).toEqual(new Set([vfs.locate(`${path}/data.csv.lock`)]));
      expect(entries.map(({ at }) => at.getTime())).toEqual(
        entries.map(({ at }) => at.getTime()).sort((a, b) => a - b),
      );
    });

    it('is read in spite of foreign, torn and huge lines, which are counted', async () => {
      const { vfs, path } = place();
      expect(await historyOf(place())).toEqual([]);
      const journal = await startJournal({ vfs, path });
      await withLock(fileAt(place(), 'data.csv'), () => {});
      await journal.close();
      const [whole] = await historyOf(place());
      const good = JSON.stringify({ schema: 1, ...whole, lock: 'other.csv.lock', lockId: 'good' });
      const hostile = [
        '',
        'hello',
        '[]',
        `${LINE_START}never"}`,
        'x'.repeat(200_000),
        good.slice(0, 50) + good,
        '\0\u{1b}[2J',
      ];
      const folder = new VfsFile(vfs, `${path}/.vfs-lockfile-journal/x`);
      await folder.resolve('2026-01-01.other.user.jsonl').write(`${hostile.join('\n')}\n${good.slice(0, 70)}`);
      await folder.resolve('notes.txt').write(`${good}\n`);
      let skipped = 0;
      const entries = await historyOf(place(), () => (skipped += 1));
      expect(skipped).toBe(7);
      expect(entries.filter(({ lockId }) => lockId === 'good')).toHaveLength(1);
      expect(entries).toHaveLength(3);
    });
  });
};
