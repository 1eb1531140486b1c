import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { test } from 'vitest';

import { localVfs } from '../../../src/index.js';
import { stopPastLease, titleOf } from '../../support/fencing/stops.js';

const DISKS = [
  ['the disk', true, 1000],
  ['the disk without links', false, 300],
] as const;

test.each(DISKS.map(([name, ...rest]) => [name, titleOf(rest[1]), ...rest] as const))(
  '%s: %s',
  async (name, _, hardLinks, stops) => {
    const root = mkdtempSync(join(tmpdir(), 'vfs-lockfile-zombies-'));
    const store = { kind: 'local', root, hardLinks } as const;
    try {
      const room = { vfs: localVfs({ root, hardLinks }), store, folder: 'locks', isGuarded: true, ttlMs: 500 };
      await stopPastLease(name, room, stops);
    } finally {
      // After a failure other heirs may still be at work.
      await rm(root, { recursive: true, force: true, maxRetries: 10 });
    }
  },
);
