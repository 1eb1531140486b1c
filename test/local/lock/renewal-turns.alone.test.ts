import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { allowsHolderFolder } from '../../../src/backends/local/disk.js';
import { Lockfile } from '../../../src/index.js';
import { heldLocks } from '../../../src/lock/protocol/held-lock.js';
import { renewInTurn } from '../../../src/lock/protocol/renewal-turns.js';

const LOCKS = 300;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vfs-lockfile-renewals-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

it.skipIf(!allowsHolderFolder(tmpdir()))(
  'a release does not wait for hundreds of renewals in the background, all of which are made',
  async () => {
    const locks = await Promise.all(
      Array.from({ length: LOCKS }, async (_, i) => {
        const lock = await Lockfile.open(join(folder, `file-${String(i)}`), { ttl: '1h' });
        await lock.acquire();
        return lock;
      }),
    );
    const renewed = (): number => locks.filter(({ record }) => (record?.renewals ?? 0) > 0).length;
    for (const held of heldLocks) if (held.path.startsWith(folder)) held.renewInBackground();
    expect(await locks.at(-1)?.release()).toBe(true);
    // 16 of them are under way, and the turns of the event loop are given out in order.
    expect(renewed()).toBeLessThan(LOCKS / 3);
    while (renewed() < LOCKS - 1) await new Promise((resolve) => setImmediate(resolve));
    expect(await Promise.all(locks.map((lock) => lock.release()))).toEqual([
      ...Array<boolean>(LOCKS - 1).fill(true),
      false,
    ]);
  },
);

it('sixteen renewals are under way at once, and each that ends makes room for the next one', async () => {
  const ends: (() => void)[] = [];
  for (let i = 0; i < 40; i += 1) renewInTurn(() => new Promise<void>((resolve) => ends.push(resolve)));
  expect(ends).toHaveLength(16);
  ends[3]?.();
  await new Promise((resolve) => setImmediate(resolve));
  expect(ends).toHaveLength(17);
  while (ends.length < 40) {
    for (const end of ends) end();
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const end of ends) end();
});

it('renewals that hang, as on a mount that does not answer, do not keep others from theirs', async () => {
  const ends: (() => void)[] = [];
  for (let i = 0; i < 16; i += 1) renewInTurn(() => new Promise<void>((resolve) => ends.push(resolve)));
  const done = Array.from(
    { length: 40 },
    () => new Promise<void>((resolve) => renewInTurn(() => Promise.resolve().then(resolve))),
  );
  await Promise.all(done);
  for (const end of ends) end();
});
