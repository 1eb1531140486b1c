import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { encodeRecord } from '../../../src/lock/model/record.js';
import { BERT, Installed } from '../../support/users/other-users.js';
import { foreign } from '../../support/operate/locks.js';

interface Told {
  readonly listed: { readonly seen: unknown; readonly code?: string };
  readonly unlisted: unknown;
  readonly strict: { readonly seen: unknown; readonly code?: string };
  readonly swept: unknown;
  readonly verdict: string;
  readonly words: readonly string[];
  readonly leftBehind: unknown;
  readonly claimed: unknown;
}

let folder: string;
let installed: Installed;
beforeAll(() => {
  installed = new Installed();
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-denied-'));
  for (const name of ['closed', 'names only', 'open']) mkdirSync(join(folder, name));
  const record = encodeRecord(foreign({ leaseMs: 3_600_000 }));
  const locks = ['a', 'secret', 'closed/b', 'names only/c', 'open/d'];
  const longAgo = new Date(Date.now() - 7_200_000);
  for (const name of locks) {
    writeFileSync(join(folder, `${name}.lock`), record);
    // Stale by the clock of the disk, which only a reader who may write a scratch file can ask.
    utimesSync(join(folder, `${name}.lock`), longAgo, longAgo);
  }
  writeFileSync(join(folder, 'data.csv'), '1,2');
  const modes = { '.': 0o755, 'secret.lock': 0o600, closed: 0o700, 'names only': 0o744, open: 0o755 };
  for (const [name, mode] of Object.entries(modes)) chmodSync(join(folder, name), mode);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  installed.remove();
});

const lacking = process.getuid?.() === 0 ? '' : ': needs root, to be another user';

it.skipIf(lacking !== '')(`what may not be seen, read or written is told, and all else is seen${lacking}`, async () => {
  const before = readdirSync(folder, { recursive: true });
  const told = (await installed.script(BERT, join(import.meta.dirname, 'denied-child.mjs'), folder)) as Told;
  const seen = {
    a: ['held', false, null],
    secret: ['unreadable', false, 'ERR_VFS_DENIED'],
    d: ['held', false, null],
  };
  expect(told.listed).toEqual({ seen });
  expect(told.unlisted).toEqual({ closed: 'ERR_VFS_DENIED', 'names only': 'ERR_VFS_DENIED' });
  expect(told.strict).toEqual({ seen, code: 'ERR_VFS_DENIED' });
  expect(told.swept).toEqual({
    'a.lock': ['lock', 'left', 'held', null],
    'secret.lock': ['lock', 'left', 'failed', 'ERR_VFS_DENIED'],
    'd.lock': ['lock', 'left', 'held', null],
    closed: ['folder', 'left', 'failed', 'ERR_VFS_DENIED'],
    'names only': ['folder', 'left', 'failed', 'ERR_VFS_DENIED'],
  });
  expect(told.verdict).toBe('unproved');
  expect(told.words.join('\n')).toMatch(/permissions: .*permission denied/);
  expect(told.leftBehind).toEqual([]);
  expect(told.claimed).toBe('ERR_VFS_DENIED');
  expect(readdirSync(folder, { recursive: true })).toEqual(before);
});
