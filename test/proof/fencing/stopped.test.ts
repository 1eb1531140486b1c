import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { test } from 'vitest';

import { localVfs } from '../../../src/index.js';
import { stopPastLease, titleOf } from '../../support/fencing/stops.js';

const STOPS = 1000;

test(`the disk: ${titleOf(STOPS)}`, { timeout: 900_000 }, async () => {
  const root = mkdtempSync(join(tmpdir(), 'vfs-lockfile-zombies-'));
  const store = { kind: 'local', root, hardLinks: true } as const;
  try {
    const room = { vfs: localVfs({ root }), store, folder: 'locks', isGuarded: true, ttlMs: 500 };
    await stopPastLease('the disk', room, STOPS);
  } finally {
    // After a failure other heirs may still be at work.
    await rm(root, { recursive: true, force: true, maxRetries: 10 });
  }
});
