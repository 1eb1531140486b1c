import { subscribe } from 'node:diagnostics_channel';
import { setTimeout as pause } from 'node:timers/promises';

import { LockHeldError, withLock, type LockEvent, type VfsFile } from 'vfs-lockfile';

import { Folder } from './folder.js';
import { processFile, type Desk } from './job.js';
import { Ledger } from './ledger.js';
import type { News } from './news.js';
import { LEASE_MS, PAUSE_MS } from './plan.js';

const [name = '', inboxLocation = '', ledgerFolder = ''] = process.argv.slice(2);

/** Claims and processes files until none is left, those of workers that die meanwhile included. */
async function work(): Promise<void> {
  const inbox = await Folder.open(inboxLocation);
  const archive = await Folder.open(`${inboxLocation}/archive`);
  const desk: Desk = {
    ledger: new Ledger(ledgerFolder, name),
    archived: (file) => archive.file(file.name).path,
    tell,
  };
  for (;;) {
    const files = await inbox.csvFiles();
    if (files.length === 0) return;
    if (!(await processOneOf(files, desk))) await pause(PAUSE_MS);
  }
}

/** False: each of the files is in other hands. */
async function processOneOf(files: readonly VfsFile[], desk: Desk): Promise<boolean> {
  for (const file of files) {
    if (await processUnlessHeld(file, desk)) return true;
    tell({ kind: 'passed-over', file: file.name });
  }
  return false;
}

async function processUnlessHeld(file: VfsFile, desk: Desk): Promise<boolean> {
  try {
    await withLock(file, (_file, lock) => processFile(file, lock, desk), { ttl: LEASE_MS, wait: 0, ownerId: name });
    return true;
  } catch (error) {
    if (error instanceof LockHeldError) return false;
    throw error;
  }
}

function tell(news: News): void {
  process.send?.(news, undefined, undefined, (error) => {
    if (error) orphaned();
  });
}

/** Without its parent a worker ends on the spot, and whoever comes next takes its file over. */
function orphaned(): void {
  process.exit(1);
}

// Only a lock that was waited for takes more than one look: a turn at the ledger.
subscribe('vfs-lockfile:acquire', (event) => {
  const { attempt, durationMs } = event as LockEvent;
  if (attempt > 1) tell({ kind: 'waited', ms: durationMs });
});
process.on('disconnect', orphaned);
try {
  await work();
} catch (error) {
  console.error(`${name}:`, error);
  process.exitCode = 1;
}
process.off('disconnect', orphaned);
process.disconnect();
