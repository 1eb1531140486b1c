import { rmSync } from 'node:fs';
import { join } from 'node:path';

import sqlite from 'node-sqlite3-wasm';

import { withLock, type Lockfile } from 'vfs-lockfile';

export type Database = sqlite.Database;

/**
 * Runs `work` as one transaction on the database in `folder`, while no other process has it open. The transaction is
 * committed only if `fileLock`, the lock on the file that the work is about, is still held at that moment.
 *
 * This build of SQLite locks with a folder, `ledger.db.lock`. When a process is killed, that folder stays and hides the
 * rollback journal. Therefore SQLite is configured to own the database alone, which our own lock ensures, and uses a
 * write-ahead log, which it does recover. Our lock is on the name `ledger`, so that the two locks have different names.
 */
export function runTransaction<T>(
  folder: string,
  ownerId: string,
  work: (database: Database) => T,
  fileLock?: Lockfile,
): Promise<T> {
  const path = join(folder, 'ledger.db');
  return withLock(
    join(folder, 'ledger'),
    (_file, databaseLock) => {
      if (databaseLock.reclaimedFrom) rmSync(`${path}.lock`, { recursive: true, force: true });
      const database = new sqlite.Database(path);
      try {
        database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
        database.exec('BEGIN');
        const result = work(database);
        fileLock?.assertHeld();
        databaseLock.assertHeld();
        database.exec('COMMIT');
        return result;
      } finally {
        database.close();
      }
    },
    // A process that is only slow still has the database open, so its lock must not be taken over.
    { ownerId, onStale: (_record, reason) => reason === 'dead-process' },
  );
}
