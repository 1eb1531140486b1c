import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import {
  LockForeignError,
  Lockfile,
  LockHeldError,
  localVfs,
  lockSync,
  VfsFile,
  withLockSync,
} from '../../../src/index.js';

const readable = { createdAt: '2026-11-20T23:43:35Z', ttl: 300_000_000_000, hostname: 'elsewhere', pid: 1 };

/** What a writer left that was interrupted: it holds until the reader's own ttl has passed since it was written. */
const INTERRUPTED: readonly (readonly [string, string])[] = [
  ['empty', ''],
  ['torn', '{"createdAt": "2026-11-20T23:4'],
];

/** What no writer of locks leaves. */
const FOREIGN: readonly (readonly [string, string | Uint8Array])[] = [
  ['binary', Uint8Array.from({ length: 512 }, (_, i) => i % 256)],
  ['10 MB long', new Uint8Array(10_000_000).fill(0x20)],
  ['deeply nested', '['.repeat(30_000) + ']'.repeat(30_000)],
  ['of wrong types', JSON.stringify({ ...readable, pid: 'one' })],
  ['not an object', '"locked"'],
  ['without ttl and lease', JSON.stringify({ hostname: 'elsewhere', pid: 1 })],
];

/** What can be read, however odd: its own lease counts, from when it was written. */
const ODD: readonly (readonly [string, object])[] = [
  ['created in the future', { ...readable, createdAt: '2999-01-01T00:00:00Z' }],
  ['created in the year 1', { ...readable, createdAt: '0001-01-01T00:00:00Z' }],
  ['without a time of creation', { ttl: 300_000_000_000, hostname: 'elsewhere', pid: 1 }],
  [
    'with a key __proto__',
    JSON.parse('{"ttl":300000000000,"hostname":"h","pid":1,"__proto__":{"released":true}}') as object,
  ],
  ['with escape sequences', { ...readable, ownerId: '\u001b[2J\u001b]0;owned\u0007' }],
];

let folder = '';
let file: VfsFile;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-records-'));
  file = new VfsFile(localVfs({ root: folder }), 'data.csv');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.each(INTERRUPTED)('a record that is %s', (_what, content) => {
  beforeEach(() => {
    writeFileSync(join(folder, 'data.csv.lock'), content);
  });

  test('holds for as long as the ttl of whoever looks, and is then taken over', async () => {
    const patient = new Lockfile(file, { ttl: '1h' });
    expect(await patient.tryAcquire()).toBe(false);
    expect(await patient.isStale()).toBe(false);
    expect(await patient.metadata()).toBeUndefined();

    const hasty = new Lockfile(file, { ttl: 300 });
    await hasty.acquire({ wait: '20s' });
    expect(hasty.reclaimedFrom).toEqual({ reason: 'unreadable' });
    expect(await hasty.release()).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe.each(FOREIGN)('U1: a lock file that is %s', (_what, content) => {
  test('belongs to another program, and is left alone', async () => {
    const path = join(folder, 'data.csv.lock');
    writeFileSync(path, content);
    utimesSync(path, 1e9, 1e9);
    const refusal = { code: 'ERR_LOCK_FOREIGN', path };
    await expect(new Lockfile(file, { ttl: 100 }).acquire({ wait: '20s' })).rejects.toMatchObject(refusal);
    expect(() => lockSync(file, { ttl: 100 })).toThrow(LockForeignError);
    expect(() => withLockSync(file, () => 1, { ttl: 100, wait: '20s' })).toThrow(LockForeignError);
    expect(readFileSync(path).equals(Buffer.from(content))).toBe(true);
    expect(readdirSync(folder)).toEqual(['data.csv.lock']);
  });
});

describe.each(ODD)('a record %s', (_what, content) => {
  test('is held for its own lease, neither stolen at once nor for ever', async () => {
    writeFileSync(join(folder, 'data.csv.lock'), JSON.stringify(content));
    expect(await new Lockfile(file, { ttl: 200 }).tryAcquire()).toBe(false);
    expect(({} as { released?: unknown }).released).toBeUndefined();

    writeFileSync(join(folder, 'data.csv.lock'), JSON.stringify({ ...content, ttl: 300_000_000 }));
    const lock = new Lockfile(file);
    await lock.acquire({ wait: '20s' });
    expect(lock.reclaimedFrom?.reason).toBe('expired');
    await lock.release();
    expect(existsSync(join(folder, 'data.csv.lock'))).toBe(false);
  });
});

test('what a stranger wrote is made harmless before it is said', async () => {
  writeFileSync(join(folder, 'data.csv.lock'), JSON.stringify({ ...readable, ownerId: '\u001b[2J' }));
  const held = await new Lockfile(file).acquire({ wait: 0 }).catch((error: unknown) => error);
  expect(held).toBeInstanceOf(LockHeldError);
  expect((held as Error).message).toContain('\\u{1b}[2J');
  expect((held as Error).message).not.toContain('\u001b');
});
