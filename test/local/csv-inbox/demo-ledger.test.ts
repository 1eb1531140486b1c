import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Ledger } from '../../../examples/csv-inbox/ledger.js';
import { Tally } from '../../../examples/csv-inbox/tally.js';
import { takeTurn } from '../../../examples/csv-inbox/turn.js';
import { LockNotHeldError, withLock } from '../../../src/index.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-test-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('the ledger', () => {
  const records = [['n'], ['1'], ['2'], ['3']];
  const batchOf = (rows: readonly (readonly string[])[]) => {
    const tally = new Tally();
    rows.forEach((row) => tally.add(row));
    return tally.take();
  };

  it('counts what a dead worker had staged, unless that was cleared away', async () => {
    const ledger = new Ledger(folder, 'worker-1');
    await ledger.create();
    await withLock(join(folder, 'a.csv'), async (_file, lock) => {
      await ledger.stage('a.csv', batchOf(records.slice(0, 3)), lock);
      await ledger.finish('a.csv', batchOf(records), lock);
      await ledger.stage('a.csv', batchOf(records.slice(0, 3)), lock);
      expect(await ledger.unfinished()).toEqual(['a.csv']);
      expect(await ledger.recover('a.csv', lock)).toEqual({ discardedRows: 2, finished: true });
      await ledger.finish('a.csv', batchOf(records), lock);
    });
    expect((await ledger.finished()).map(({ rows, columns }) => [rows, columns[0]?.total])).toEqual([
      [5, 9],
      [3, 6],
    ]);
    expect(await ledger.unfinished()).toEqual([]);
  });

  it('takes nothing from a worker that does not hold the lock of the file any more', async () => {
    const ledger = new Ledger(folder, 'worker-1');
    await ledger.create();
    const lock = await withLock(join(folder, 'a.csv'), (_file, held) => held);
    await expect(ledger.finish('a.csv', batchOf(records), lock)).rejects.toThrow(LockNotHeldError);
    expect(await ledger.finished()).toEqual([]);
  });
});

describe('a turn at the ledger', () => {
  const CHILD = fileURLToPath(new URL('demo-turn-child.mjs', import.meta.url));
  const TURN = new URL('../../../dist/demo/turn.js', import.meta.url).href;

  /** Starts a process that takes so many turns, each of which adds one to every row, and hangs in the middle of the next. */
  function start(turns: number): { readonly child: ChildProcess; readonly committed: () => number } {
    const child = fork(CHILD, [TURN, folder, String(turns)]);
    let committed = 0;
    child.on('message', (message) => {
      if (message === 'committed') committed += 1;
    });
    return { child, committed: () => committed };
  }

  async function kill(child: ChildProcess): Promise<void> {
    child.kill('SIGKILL');
    await Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
  }

  function look(): Promise<{ readonly turns: readonly unknown[]; readonly integrity: unknown }> {
    return takeTurn(folder, 'next', (database) => ({
      turns: database.all('SELECT DISTINCT turn FROM pages').map(({ turn }) => turn),
      integrity: database.get('PRAGMA integrity_check')?.integrity_check,
    }));
  }

  beforeEach(async () => {
    await takeTurn(folder, 'first', (database) => {
      database.exec('CREATE TABLE pages (turn INTEGER, filler TEXT)');
      for (let row = 0; row < 300; row += 1) database.run('INSERT INTO pages VALUES (0, ?)', 'x'.repeat(200));
    });
  });

  it('that ended in death leaves no trace, and the next one comes at once', async () => {
    const { child, committed } = start(3);
    await new Promise<void>((resolve) => {
      child.on('message', (message) => {
        if (message === 'inside') resolve();
      });
    });
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['ledger.db-wal', 'ledger.db.lock', 'ledger.lock']));
    await kill(child);
    expect(await look()).toEqual({ turns: [committed()], integrity: 'ok' });
    expect(committed()).toBe(3);
    expect(readdirSync(folder)).toEqual(['ledger.db']);
  });

  it('is done wholly or not at all, whenever its process is killed', async () => {
    let before = 0;
    for (let delayMs = 0; delayMs < 36; delayMs += 3) {
      const { child, committed } = start(Infinity);
      await once(child, 'message');
      await pause(delayMs);
      await kill(child);
      const { turns, integrity } = await look();
      expect([integrity, turns.length]).toEqual(['ok', 1]);
      expect([before + committed(), before + committed() + 1]).toContain(turns[0]);
      before = Number(turns[0]);
    }
  }, 300_000);
});
