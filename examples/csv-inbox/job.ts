import { pipeline } from 'node:stream/promises';

import { parse } from 'csv-parse';

import type { Lockfile, VfsFile } from 'vfs-lockfile';
import type { Claim } from 'vfs-lockfile/inbox';

import type { Ledger } from './ledger.js';
import type { Takeover, Tell } from './news.js';
import { ARCHIVE, BATCH_ROWS } from './plan.js';
import { Tally } from './tally.js';

/** What a worker needs for its work on a file. */
export interface Desk {
  readonly ledger: Ledger;
  readonly tell: Tell;
}

/** Summarises one CSV file and archives it, while its lock is held. */
export async function processFile(claim: Claim, desk: Desk): Promise<void> {
  const { file, lock } = claim;
  const startedMs = performance.now();
  desk.tell({ kind: 'claimed', file: file.name });
  const finished = await recover(file, lock, desk);
  if (!finished) await summarise(file, lock, desk);
  await claim.archive(ARCHIVE);
  desk.tell({ kind: 'archived', file: file.name, ms: performance.now() - startedMs });
}

/** Clears away what the previous holder left, if it died. True: all that it left to do is to archive the file. */
async function recover(file: VfsFile, lock: Lockfile, { ledger, tell }: Desk): Promise<boolean> {
  const dead = lock.reclaimedFrom;
  if (dead === undefined) return false;
  const { discardedRows, finished } = await ledger.recover(file.name, lock);
  const takeover: Takeover = {
    reason: dead.reason,
    pid: dead.pid ?? 0,
    leaseLeftMs: leaseEndMs(dead) - Date.now(),
    discardedRows,
  };
  tell({ kind: 'taken-over', file: file.name, takeover });
  return finished;
}

function leaseEndMs({ renewedAt, createdAt, leaseMs }: NonNullable<Lockfile['reclaimedFrom']>): number {
  return Number(renewedAt ?? createdAt) + Number(leaseMs);
}

async function summarise(file: VfsFile, lock: Lockfile, { ledger, tell }: Desk): Promise<void> {
  const tally = new Tally();
  let rows = 0;
  const count = async (records: AsyncIterable<readonly string[]>): Promise<void> => {
    for await (const record of records) {
      tally.add(record);
      if (tally.rows < BATCH_ROWS) continue;
      rows += tally.rows;
      await ledger.stage(file.name, tally.take(), lock);
      tell({ kind: 'progress', file: file.name, rows });
    }
  };
  await pipeline(file.readStream(), parse({ bom: true }), count, { signal: lock.signal });
  await ledger.finish(file.name, tally.take(), lock);
}
