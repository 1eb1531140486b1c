import { pipeline } from 'node:stream/promises';

import { parse } from 'csv-parse';

import type { Lockfile, VfsFile } from 'vfs-lockfile';
import type { Claim } from 'vfs-lockfile/inbox';

import type { Ledger } from './ledger.js';
import type { SendMessage, Takeover } from './messages.js';
import { ARCHIVE, BATCH_ROWS } from './settings.js';
import { Tally } from './tally.js';

/** What a worker needs to process a file. */
export interface JobContext {
  readonly ledger: Ledger;
  readonly send: SendMessage;
}

/** Summarises one claimed CSV file and archives it. */
export async function processFile(claim: Claim, context: JobContext): Promise<void> {
  const { file, lock } = claim;
  const startedMs = performance.now();
  context.send({ kind: 'claimed', file: file.name });
  const isFinished = await recover(file, lock, context);
  if (!isFinished) await summarise(file, lock, context);
  await claim.archive(ARCHIVE);
  context.send({ kind: 'archived', file: file.name, ms: performance.now() - startedMs });
}

/** Discards the unfinished work of a previous holder that died. Returns true if it only had to archive the file. */
async function recover(file: VfsFile, lock: Lockfile, { ledger, send }: JobContext): Promise<boolean> {
  const previous = lock.reclaimedFrom;
  if (previous === undefined) return false;
  const { discardedRows, finished } = await ledger.recover(file.name, lock);
  const takeover: Takeover = {
    reason: previous.reason,
    pid: previous.pid ?? 0,
    leaseLeftMs: leaseEndMs(previous) - Date.now(),
    discardedRows,
  };
  send({ kind: 'taken-over', file: file.name, takeover });
  return finished;
}

function leaseEndMs({ renewedAt, createdAt, leaseMs }: NonNullable<Lockfile['reclaimedFrom']>): number {
  return Number(renewedAt ?? createdAt) + Number(leaseMs);
}

async function summarise(file: VfsFile, lock: Lockfile, { ledger, send }: JobContext): Promise<void> {
  const tally = new Tally();
  let rows = 0;
  const count = async (records: AsyncIterable<readonly string[]>): Promise<void> => {
    for await (const record of records) {
      tally.add(record);
      if (tally.rows < BATCH_ROWS) continue;
      rows += tally.rows;
      await ledger.stage(file.name, tally.take(), lock);
      send({ kind: 'progress', file: file.name, rows });
    }
  };
  await pipeline(file.readStream(), parse({ bom: true }), count, { signal: lock.signal });
  await ledger.finish(file.name, tally.take(), lock);
}
