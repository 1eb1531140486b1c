import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { watchFile } from '../../../src/backends/local/watch.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'vfs-lockfile-crowd-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('F2: a local lock that many wait for', () => {
  it('wakes nobody for other names in its folder', async () => {
    const lock = join(root, 'data.csv.lock');
    const last = join(root, 'last');
    for (const file of [lock, last]) writeFileSync(file, '');
    let woken = 0;
    watchFile(lock, () => (woken += 1));
    const heardAll = new Promise<void>((resolve) => watchFile(last, resolve));
    for (let other = 0; other < 20; other += 1) writeFileSync(join(root, `.vfs-lockfile-${String(other)}`), 'x');
    // The system reports events in their order.
    rmSync(last);
    await heardAll;
    expect(woken).toBe(0);
    const heard = new Promise<void>((resolve) => watchFile(lock, resolve));
    rmSync(lock);
    await heard;
    expect(woken).toBe(1);
    expect(watchFile(lock, () => undefined)).toBeUndefined();
  });
});
