import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';

import type { LockEvent } from 'vfs-lockfile';
import { inbox } from 'vfs-lockfile/inbox';
import { startJournalFile } from 'vfs-lockfile/journal';

import { processFile } from './job.js';
import { Ledger } from './ledger.js';
import type { WorkerMessage } from './messages.js';
import { LEASE_MS, PAUSE_MS, SUMMARY } from './settings.js';
import { writeSummary } from './summary-file.js';

const [name = '', inboxLocation = '', ledgerFolder = '', journal = ''] = process.argv.slice(2);

/**
 * Claims and processes files until none is left, including the files of workers that die in the meantime. Then writes the summary, as
 * every worker does: nobody knows which one is the last.
 */
async function work(): Promise<void> {
  const ledger = new Ledger(ledgerFolder, name);
  const claims = inbox(inboxLocation, {
    match: '*.csv',
    order: (a, b) => b.size - a.size,
    settle: 0,
    until: 'empty',
    poll: PAUSE_MS,
    ttl: LEASE_MS,
    ownerId: name,
    onSkip: (file, reason) => reason === 'held' && send({ kind: 'skipped', file: file.name }),
  });
  for await (const claim of claims) await processFile(claim, { ledger, send });
  const late = await writeSummary({ location: inboxLocation, ledger, ownerId: name }, async () => {
    const allowed = once(process, 'message');
    send({ kind: 'summarising' });
    await allowed;
  });
  if (late) send({ kind: 'refused', late });
}

function send(message: WorkerMessage): void {
  process.send?.(message, undefined, undefined, (error) => {
    if (error) exitAsOrphan();
  });
}

/** A worker without a parent process exits at once. Its file is then taken over by another worker. */
function exitAsOrphan(): void {
  process.exit(1);
}

// Besides the summary, workers wait only for the database.
subscribe('vfs-lockfile:acquire', (event) => {
  const { attempt, durationMs, path } = event as LockEvent;
  if (attempt > 1 && !path.endsWith(`${SUMMARY}.lock`)) send({ kind: 'waited', ms: durationMs });
});
if (journal !== '') startJournalFile(journal);
process.on('disconnect', exitAsOrphan);
try {
  await work();
} catch (error) {
  console.error(`${name}:`, error);
  process.exitCode = 1;
}
process.off('disconnect', exitAsOrphan);
process.disconnect();
