import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { withLock } from '../../../src/index.js';
import { HistoryCounter, readHistory, startJournal } from '../../../src/journal/index.js';
import { Child, endAll } from '../../support/processes/child.js';
import { journalKilledSuite } from '../../support/suites/journal-killed.js';

const isRoot = process.getuid?.() === 0;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-journal-'));
});
afterEach(async () => {
  await endAll();
  rmSync(folder, { recursive: true, force: true });
});

async function countOf(location: string): Promise<HistoryCounter['statistics']> {
  const counter = new HistoryCounter();
  for await (const entry of readHistory(location)) counter.add(entry);
  return counter.statistics;
}

describe('a journal on the disk', () => {
  journalKilledSuite(4);

  it('has every line of processes that append at once, to the last one before their ends', async () => {
    const children = ['a', 'b', 'c'].map((name) => new Child('journal', folder, join(folder, name), 100, name));
    expect(await Promise.all(children.map((child) => child.end()))).toEqual([0, 0, 0]);
    expect((await countOf(folder)).events).toEqual({ acquire: 300, release: 300 });
    expect(readdirSync(join(folder, '.vfs-lockfile-journal'))).toHaveLength(1);
  });

  it('has what happened right before process.exit()', () => {
    const code = `import { withLock } from 'vfs-lockfile'; import { startJournal } from 'vfs-lockfile/journal';
      await startJournal(${JSON.stringify(folder)});
      await withLock(${JSON.stringify(join(folder, 'a'))}, () => {});
      process.exit(0);`;
    execFileSync(process.execPath, ['--input-type=module', '-e', code]);
    const [name = ''] = readdirSync(join(folder, '.vfs-lockfile-journal'));
    expect(
      readFileSync(join(folder, '.vfs-lockfile-journal', name), 'utf8')
        .trim()
        .split('\n'),
    ).toHaveLength(2);
  });

  it('is not written through a link that somebody planted', async () => {
    const victim = join(folder, 'victim');
    mkdirSync(victim);
    symlinkSync(victim, join(folder, '.vfs-lockfile-journal'));
    const errors: string[] = [];
    const journal = await startJournal(folder, { onError: ({ message }) => errors.push(message) });
    await withLock(join(folder, 'a'), () => {});
    await journal.close();
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain('a symbolic link');
    expect(readdirSync(victim)).toEqual([]);
    expect(lstatSync(join(folder, '.vfs-lockfile-journal')).isSymbolicLink()).toBe(true);
    expect(journal.dropped).toBe(2);
  });

  it.skipIf(isRoot)('fails no lock in a folder where none may be made (needs an ordinary user)', async () => {
    mkdirSync(join(folder, '.vfs-lockfile-journal'));
    chmodSync(join(folder, '.vfs-lockfile-journal'), 0o500);
    const journal = await startJournal(folder);
    expect(await withLock(join(folder, 'a'), () => 'done')).toBe('done');
    await journal.close();
    expect(journal.dropped).toBe(2);
  });

  it.skipIf(!isRoot)(
    'fails no lock when its disk is full, and counts what is missing (needs root, to mount one)',
    async () => {
      const disk = join(folder, '.vfs-lockfile-journal');
      mkdirSync(disk);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'vfs-lockfile-test', disk]);
      try {
        const errors: unknown[] = [];
        const journal = await startJournal(folder, { onError: (error) => errors.push(error) });
        const round = async (): Promise<void> => {
          expect(await withLock(join(folder, 'a'), () => 'done', { ownerId: 'x'.repeat(200) })).toBe('done');
          await journal.flush();
        };
        writeFileSync(join(disk, 'filler'), new Uint8Array(8192));
        for (let rounds = 0; rounds < 20; rounds += 1) await round();
        expect(errors[0]).toMatchObject({ code: 'ERR_VFS_FULL' });
        unlinkSync(join(disk, 'filler'));
        await round();
        const { events, dropped } = await countOf(folder);
        expect(dropped).toBeGreaterThan(0);
        expect((events.acquire ?? 0) + (events.release ?? 0) + dropped).toBeGreaterThanOrEqual(42);
        await journal.close();
      } finally {
        execFileSync('umount', ['--lazy', disk]);
      }
    },
  );
});
