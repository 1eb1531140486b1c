import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';

import { memVfs } from '../src/backends/mem.js';
import { Lockfile, localVfs, VfsFile } from '../src/index.js';

test('taking and giving back locks of a local disk without a pause leaves the event loop its turns', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-turns-'));
  const vfs = localVfs({ root: folder });
  let turns = 0;
  let working = true;
  const count = (): void => {
    turns += 1;
    if (working) setImmediate(count);
  };
  count();
  try {
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        const lock = new Lockfile(new VfsFile(vfs, `file-${i}`));
        for (let cycle = 0; cycle < 50; cycle += 1) {
          await lock.acquire();
          await lock.release();
        }
      }),
    );
  } finally {
    working = false;
    rmSync(folder, { recursive: true, force: true });
  }
  // A turn for every few of the 2,000 calls; without a pause between them there would be a handful in all.
  expect(turns).toBeGreaterThan(100);
});

test('thousands of held locks share their timers among few distinct delays', async () => {
  const delays = new Set<number | undefined>();
  const setTimer = vi.spyOn(globalThis, 'setTimeout');
  const vfs = memVfs();
  const locks = Array.from({ length: 3000 }, (_, i) => new Lockfile(new VfsFile(vfs, `file-${i}`), { ttl: '30s' }));
  try {
    for (const lock of locks) await lock.tryAcquire();
    for (const [, ms] of setTimer.mock.calls) delays.add(ms);
  } finally {
    setTimer.mockRestore();
    for (const lock of locks) await lock.release();
  }
  expect(delays.size).toBeGreaterThan(1);
  expect(delays.size).toBeLessThan(100);
});
