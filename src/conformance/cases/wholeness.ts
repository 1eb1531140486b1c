import { setImmediate } from 'node:timers';
import { ok } from 'node:assert/strict';

import { WRITES, type Behaviour } from '../behaviour.js';
import { readMeanwhile, type ContentCheck } from './readers.js';
import { created, fresh, removed, replaced } from '../tools.js';

/** A content from which a reader can see whether it is complete. */
function selfDescribing(serial: number): Uint8Array {
  const head = Buffer.from(`${String(serial)}\n`);
  return Buffer.concat([head, Buffer.alloc((serial * 7919) % 100_000, serial)]);
}

function isWhole(data: Uint8Array): boolean {
  const head = Buffer.from(data).toString('latin1', 0, 20);
  const [, serial] = /^(\d+)\n/.exec(head) ?? [];
  return serial !== undefined && Buffer.from(data).equals(selfDescribing(Number(serial)));
}

const wholeOrAbsent: ContentCheck = (data) => {
  if (data) ok(isWhole(data), `a reader saw ${String(data.byteLength)} bytes that are not the whole file`);
};

const whole: ContentCheck = (data) => {
  ok(data, 'a reader saw no file, although it existed all the time');
  wholeOrAbsent(data);
};

/** No reader ever sees an empty or torn file. */
export const wholeness: readonly Behaviour[] = [
  {
    name: 'readers see each created file whole or not at all',
    needs: WRITES,
    check: async (context) => {
      const { vfs, path, rounds } = context;
      await readMeanwhile(context, path('a'), wholeOrAbsent, async () => {
        for (let serial = 0; serial < rounds; serial += 1) {
          const version = await created(vfs, path('a'), selfDescribing(serial));
          await new Promise(setImmediate);
          await removed(vfs, path('a'), version);
        }
      });
    },
  },
  {
    name: 'readers see the old or the new content, whole, while a file is replaced, and never that it is missing',
    needs: WRITES,
    check: async (context) => {
      const { vfs, path, rounds } = context;
      let version = await created(vfs, path('a'), selfDescribing(0));
      await readMeanwhile(context, path('a'), whole, async () => {
        for (let serial = 1; serial <= rounds; serial += 1) {
          version = await replaced(vfs, path('a'), version, selfDescribing(serial));
          await new Promise(setImmediate);
        }
      });
    },
  },
  {
    name: 'readers see a plainly written file whole, old or new',
    check: async (context) => {
      const { vfs, path, rounds } = context;
      await vfs.write(path('a'), selfDescribing(0));
      await readMeanwhile(context, path('a'), whole, async () => {
        for (let serial = 1; serial <= rounds; serial += 1) {
          await vfs.write(path('a'), selfDescribing(serial));
          await new Promise(setImmediate);
        }
      });
    },
  },
  {
    name: 'a lost create or replace is seen by no reader, not even for a moment',
    needs: WRITES,
    check: async (context) => {
      const { vfs, path, rounds } = context;
      const stale = await created(vfs, path('a'), fresh());
      await replaced(vfs, path('a'), stale, selfDescribing(1));
      await readMeanwhile(context, path('a'), whole, async () => {
        for (let round = 0; round < rounds; round += 1) {
          ok((await vfs.create(path('a'), fresh())) === undefined, 'create of what exists: was won');
          ok((await vfs.replace(path('a'), stale, fresh())) === undefined, 'replace of a stale version: was won');
        }
      });
    },
  },
];
