import { subscribe } from 'node:diagnostics_channel';

import type { LockEvent } from 'vfs-lockfile';
import { inbox } from 'vfs-lockfile/inbox';

import { processFile } from './job.js';
import { Ledger } from './ledger.js';
import type { WorkerMessage } from './messages.js';
import { LEASE_MS, PAUSE_MS } from './settings.js';

const [name = '', inboxLocation = '', ledgerFolder = ''] = process.argv.slice(2);

/** Claims and processes files until none is left, including the files of workers that die in the meantime. */
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

// Workers wait only for the database, so an acquisition that took more than one attempt was one of its lock.
subscribe('vfs-lockfile:acquire', (event) => {
  const { attempt, durationMs } = event as LockEvent;
  if (attempt > 1) send({ kind: 'waited', ms: durationMs });
});
process.on('disconnect', exitAsOrphan);
try {
  await work();
} catch (error) {
  console.error(`${name}:`, error);
  process.exitCode = 1;
}
process.off('disconnect', exitAsOrphan);
process.disconnect();
