import { ok } from 'node:assert/strict';

import { SWAPS, type Arena, type Behaviour } from './behaviour.js';
import { created, fresh, replaced } from './tools.js';
import type { Vfs } from '../vfs.js';

/** A content that tells by itself whether it is whole. */
function selfTelling(serial: number): Uint8Array {
  const head = Buffer.from(`${String(serial)}\n`);
  return Buffer.concat([head, Buffer.alloc((serial * 7919) % 100_000, serial)]);
}

function isWhole(data: Uint8Array): boolean {
  const head = Buffer.from(data).toString('latin1', 0, 20);
  const [, serial] = /^(\d+)\n/.exec(head) ?? [];
  return serial !== undefined && Buffer.from(data).equals(selfTelling(Number(serial)));
}

/** Reads through every door for as long as `work` lasts. */
async function watched({ doors }: Arena, path: string, work: () => Promise<void>): Promise<void> {
  let over = false;
  const readers = [...doors, ...doors].map((vfs) => keepReading(vfs, path, () => over));
  const all = Promise.all(readers);
  all.catch(() => undefined);
  try {
    await work();
  } finally {
    over = true;
  }
  await all;
}

async function keepReading(vfs: Vfs, path: string, over: () => boolean): Promise<void> {
  while (!over()) {
    const snapshot = await vfs.read(path);
    if (snapshot) ok(isWhole(snapshot.data), `a reader saw ${String(snapshot.data.byteLength)} bytes that are no whole`);
    await new Promise(setImmediate);
  }
}

/** No reader ever sees an empty or torn file. */
export const wholeness: readonly Behaviour[] = [
  {
    name: 'readers see each created file whole or not at all',
    needs: SWAPS,
    check: async (arena) => {
      const { vfs, path, rounds } = arena;
      await watched(arena, path('a'), async () => {
        for (let serial = 0; serial < rounds; serial += 1) {
          const version = await created(vfs, path('a'), selfTelling(serial));
          await new Promise(setImmediate);
          ok(await vfs.remove(path('a'), version), 'remove of what was created: was lost');
        }
      });
    },
  },
  {
    name: 'readers see the whole old or the whole new content while a file is replaced, and never that it is missing',
    needs: SWAPS,
    check: async (arena) => {
      const { vfs, path, rounds } = arena;
      let version = await created(vfs, path('a'), selfTelling(0));
      let missing = 0;
      const reading = new AbortController();
      const looker = lookForGaps(arena, reading.signal, () => (missing += 1));
      await watched(arena, path('a'), async () => {
        for (let serial = 1; serial <= rounds; serial += 1) {
          version = await replaced(vfs, path('a'), version, selfTelling(serial));
          await new Promise(setImmediate);
        }
      }).finally(() => reading.abort());
      await looker;
      ok(missing === 0, `the file was missing ${String(missing)} times while it was only ever replaced`);
    },
  },
  {
    name: 'readers see each plainly written file whole, old or new',
    check: async (arena) => {
      const { vfs, path, rounds } = arena;
      await watched(arena, path('a'), async () => {
        for (let serial = 0; serial < rounds; serial += 1) {
          await vfs.write(path('a'), selfTelling(serial));
          await new Promise(setImmediate);
        }
      });
    },
  },
  {
    name: 'a lost create or replace is never seen by a reader',
    needs: SWAPS,
    check: async (arena) => {
      const { vfs, path, rounds } = arena;
      const stale = await created(vfs, path('a'), fresh());
      await replaced(vfs, path('a'), stale, selfTelling(1));
      await watched(arena, path('a'), async () => {
        for (let round = 0; round < rounds; round += 1) {
          ok((await vfs.create(path('a'), fresh())) === undefined, 'create of what exists: was won');
          ok((await vfs.replace(path('a'), stale, fresh())) === undefined, 'replace of a stale version: was won');
        }
      });
    },
  },
];

async function lookForGaps({ doors, path }: Arena, signal: AbortSignal, onGap: () => void): Promise<void> {
  const vfs = doors[doors.length - 1];
  while (vfs && !signal.aborted) {
    if ((await vfs.read(path('a'))) === undefined) onGap();
    await new Promise(setImmediate);
  }
}
