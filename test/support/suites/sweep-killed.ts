import { fork } from 'node:child_process';
import { once } from 'node:events';
import { lutimesSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from 'vitest';

import { partyIn } from '../../../src/backends/local/party.js';
import { Lockfile, localVfs, VfsFile } from '../../../src/index.js';
import { sweep } from '../../../src/admin/index.js';
import { foreign, putLock, untilStale } from '../operate/locks.js';

const LOCKS = 80;
const CHILD = join(import.meta.dirname, 'sweep-child.mjs');

/** Lets two sweep, and kills each after some removals. */
async function sweepAndDie(root: string): Promise<void> {
  const children = [1, 2].map(() => fork(CHILD, [root]));
  const deaths = children.map(async (child) => {
    let removals = Math.ceil((Math.random() * LOCKS) / 3);
    child.on('message', () => {
      removals -= 1;
      if (removals === 0) child.kill('SIGKILL');
    });
    await once(child, 'exit');
  });
  await Promise.all(deaths);
}

export function sweepKilledSuite(rounds: number): void {
  it('sweepers that are killed at any moment leave each lock either as it was or gone, and nothing in anybody’s way', async () => {
    const root = mkdtempSync(join(tmpdir(), 'vfs-lockfile-killed-'));
    const vfs = localVfs({ root });
    const isLock = (name: string): boolean => name.endsWith('.lock');
    try {
      const live = new Lockfile(new VfsFile(vfs, 'live'), { ttl: '5s' });
      await live.acquire();
      let interrupted = 0;
      for (let round = 0; round < rounds; round += 1) {
        const files = Array.from({ length: LOCKS }, (_, n) => new VfsFile(vfs, `${round} ${n}`));
        for (const file of files) await putLock(vfs, file.path, foreign({ leaseMs: 1 }));
        await untilStale(...files);
        await sweepAndDie(root);
        if (readdirSync(root).filter(isLock).length > 1) interrupted += 1;
        // Whatever became of them, they can be had at once.
        const locks = files.map((file) => new Lockfile(file));
        for (const lock of locks) expect(await lock.tryAcquire()).toBe(true);
        for (const lock of locks) expect(await lock.release()).toBe(true);
      }
      expect(await live.release()).toBe(true);
      // Else the private folder of this process would stay for a second, which no sweep of its own removes.
      partyIn(root).retire();
      const left = readdirSync(root);
      console.log(`${interrupted} of ${rounds} sweeps were cut off; ${left.length} private names were left`);
      expect(interrupted).toBeGreaterThan(0);
      expect(left.filter(isLock)).toEqual([]);
      const old = new Date(Date.now() - 7_200_000);
      const inside = (readdirSync(root, { recursive: true }) as string[]).sort((a, b) => b.length - a.length);
      for (const name of inside) lutimesSync(join(root, name), old, old);
      expect(await sweep({ vfs, path: '' })).toMatchObject({ removed: left.length, left: 0 });
      expect(readdirSync(root)).toEqual([]);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
}
