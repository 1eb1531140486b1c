import { rmSync } from 'node:fs';
import { join } from 'node:path';

import sqlite from 'node-sqlite3-wasm';

import { withLock, type Lockfile } from 'vfs-lockfile';

export type Database = sqlite.Database;

/**
 * Runs `work` as one transaction on the database of a folder, while no other process has it open. It is committed only if
 * `claim`, the lock on what the work is about, is still held then.
 *
 * This build of SQLite locks with a directory, `ledger.db.lock`, which outlives a killed process and hides that process's
 * rollback journal. So SQLite is told that it is alone (which this lock sees to) and keeps a write-ahead log, which it does
 * recover; the name `ledger` keeps our lock file off that directory's name.
 */
export function takeTurn<T>(
  folder: string,
  ownerId: string,
  work: (database: Database) => T,
  claim?: Lockfile,
): Promise<T> {
  const path = join(folder, 'ledger.db');
  return withLock(
    join(folder, 'ledger'),
    (_file, turn) => {
      if (turn.reclaimedFrom) rmSync(`${path}.lock`, { recursive: true, force: true });
      const database = new sqlite.Database(path);
      try {
        database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
        database.exec('BEGIN');
        const result = work(database);
        claim?.assertHeld();
        turn.assertHeld();
        database.exec('COMMIT');
        return result;
      } finally {
        database.close();
      }
    },
    // Somebody who is only slow still has the database open, and must not be joined there.
    { ownerId, onStale: (_record, reason) => reason === 'dead-process' },
  );
}
