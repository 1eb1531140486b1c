import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { LockNotHeldError, withLock } from 'vfs-lockfile';

import { Ledger } from '../../../examples/csv-inbox/ledger.js';
import { Tally } from '../../../examples/csv-inbox/tally.js';
import { runTransaction } from '../../../examples/csv-inbox/transaction.js';
import { compile } from '../../../scripts/compile.mjs';

/** `everyMs`: a process is killed in each such step of the first 36 ms of its transactions. */
export function ledgerSuite(everyMs: number): void {
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

    it('includes the batches of a dead worker in the summary, unless they were discarded', async () => {
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

    it('accepts nothing from a worker that no longer holds the lock of the file', async () => {
      const ledger = new Ledger(folder, 'worker-1');
      await ledger.create();
      const lock = await withLock(join(folder, 'a.csv'), (_file, held) => held);
      await expect(ledger.finish('a.csv', batchOf(records), lock)).rejects.toThrow(LockNotHeldError);
      expect(await ledger.finished()).toEqual([]);
    });
  });

  describe('a transaction of the ledger', () => {
    const CHILD = fileURLToPath(new URL('demo-turn-child.mjs', import.meta.url));
    const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
    let compiled: string;
    let module: string;

    beforeAll(async () => {
      compiled = mkdtempSync(join(ROOT, 'dist.test-'));
      module = pathToFileURL(await compile(join(ROOT, 'examples/csv-inbox/transaction.ts'), compiled)).href;
    });
    afterAll(() => rmSync(compiled, { recursive: true }));

    /** Starts a process that runs this many transactions, each of which adds one to every row, and hangs in the middle of the next. */
    function start(count: number): { readonly child: ChildProcess; readonly committed: () => number } {
      const child = fork(CHILD, [module, folder, String(count)]);
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
      return runTransaction(folder, 'next', (database) => ({
        turns: database.all('SELECT DISTINCT turn FROM pages').map(({ turn }) => turn),
        integrity: database.get('PRAGMA integrity_check')?.integrity_check,
      }));
    }

    beforeEach(async () => {
      await runTransaction(folder, 'first', (database) => {
        database.exec('CREATE TABLE pages (turn INTEGER, filler TEXT)');
        for (let row = 0; row < 300; row += 1) database.run('INSERT INTO pages VALUES (0, ?)', 'x'.repeat(200));
      });
    });

    it('of a process that is killed leaves no trace, and the next one starts at once', async () => {
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

    it('is committed as a whole or not at all, whenever its process is killed', async () => {
      let before = 0;
      for (let delayMs = 0; delayMs < 36; delayMs += everyMs) {
        const { child, committed } = start(Infinity);
        await once(child, 'message');
        await pause(delayMs);
        await kill(child);
        const { turns, integrity } = await look();
        expect([integrity, turns.length]).toEqual(['ok', 1]);
        expect([before + committed(), before + committed() + 1]).toContain(turns[0]);
        before = Number(turns[0]);
      }
    });
  });
}
