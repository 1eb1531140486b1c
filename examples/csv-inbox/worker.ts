import { subscribe } from 'node:diagnostics_channel';

import type { LockEvent } from 'vfs-lockfile';
import { inbox } from 'vfs-lockfile/inbox';

import { processFile, type Desk } from './job.js';
import { Ledger } from './ledger.js';
import type { News } from './news.js';
import { LEASE_MS, PAUSE_MS } from './plan.js';

const [name = '', inboxLocation = '', ledgerFolder = ''] = process.argv.slice(2);

/** Claims and processes files until none is left, those of workers that die meanwhile included. */
async function work(): Promise<void> {
  const desk: Desk = { ledger: new Ledger(ledgerFolder, name), tell };
  const claims = inbox(inboxLocation, {
    match: '*.csv',
    order: (a, b) => b.size - a.size,
    settle: 0,
    until: 'empty',
    poll: PAUSE_MS,
    ttl: LEASE_MS,
    ownerId: name,
    onSkip: (file, reason) => reason === 'held' && tell({ kind: 'passed-over', file: file.name }),
  });
  for await (const claim of claims) await processFile(claim, desk);
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
