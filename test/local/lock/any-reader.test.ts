import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Lockfile, lockSync } from '../../../src/index.js';

let folder: string;
let opened: number[];
const path = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-reader-'));
  opened = [];
});
afterEach(() => {
  opened.forEach((fd) => closeSync(fd));
  rmSync(folder, { recursive: true });
});

/** Opens a lock file as any program does that only reads it. Returns what it reads there later. */
function openLock(name: string): () => string {
  const fd = openSync(path(`${name}.lock`), 'r');
  opened.push(fd);
  return () => readFileSync(`/dev/fd/${String(fd)}`, 'utf8');
}

/** Records longer and shorter than the one before, of the same lock and of another one. */
function lockOften(): void {
  for (const ownerId of ['', 'x'.repeat(200), 'y', 'z'.repeat(250)]) {
    for (const name of ['a', 'b']) {
      const held = lockSync(path(name), { ownerId });
      held.renew();
      held.release();
    }
  }
}

describe.skipIf(process.platform === 'win32')('who has opened a lock file reads the record that stood there', () => {
  it('after a release and whatever the process locks afterwards', () => {
    lockOften();
    const held = lockSync(path('a'));
    const record = readFileSync(path('a.lock'), 'utf8');
    const read = openLock('a');
    held.release();
    lockOften();
    expect(read()).toBe(record);
  });

  it('after renewals', () => {
    const [a, b] = [lockSync(path('a'), { ownerId: 'a' }), lockSync(path('b'), { ownerId: 'b' })];
    const record = readFileSync(path('a.lock'), 'utf8');
    const read = openLock('a');
    for (let times = 0; times < 3; times += 1) for (const held of [a, b]) held.renew();
    expect(read()).toBe(record);
    for (const held of [a, b]) held.release();
    lockOften();
    expect(read()).toBe(record);
  });

  it('after a lock with fencing tokens was released and taken again', async () => {
    const lock = await Lockfile.open(path('a'), { fencing: true });
    await lock.acquire();
    const record = readFileSync(path('a.lock'), 'utf8');
    const read = openLock('a');
    for (let times = 0; times < 3; times += 1) {
      await lock.release();
      await lock.acquire();
    }
    await lock.release();
    expect(read()).toBe(record);
  });
});
