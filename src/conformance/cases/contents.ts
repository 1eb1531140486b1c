import { strictEqual } from 'node:assert/strict';

import { REPLACE, WRITES, type Behaviour } from '../behaviour.js';
import { bytes, created, filler, found, holds, removed, replaced, sameBytes } from '../tools.js';

const everyByte = Uint8Array.from({ length: 256 }, (_, byte) => byte);

const CONTENTS: readonly (readonly [string, Uint8Array])[] = [
  ['nothing', new Uint8Array()],
  ['a single NUL', new Uint8Array(1)],
  ['every byte there is', everyByte],
  ['a byte order mark and line ends', bytes('\uFEFFa\r\nb\nc\r')],
  ['1 byte short of 64 KiB', filler(65_535)],
  ['64 KiB', filler(65_536)],
  ['1 byte more than 64 KiB', filler(65_537)],
  ['1 MiB', filler(1_048_576)],
  ['a bit more than 3 MiB', filler(3_200_000)],
];

/** A read returns exactly what was written. */
export const contents: readonly Behaviour[] = [
  ...CONTENTS.map(([what, data]): Behaviour => ({
    name: `a file of ${what} can be created, read, replaced by its version and removed`,
    needs: WRITES,
    check: async ({ vfs, path }) => {
      const first = await created(vfs, path('a'), data);
      await holds(vfs, path('a'), data);
      const second = await replaced(vfs, path('a'), first, bytes('something else'));
      await replaced(vfs, path('a'), second, data);
      const snapshot = await found(vfs, path('a'));
      sameBytes(snapshot.data, data, path('a'));
      await removed(vfs, path('a'), snapshot.version);
    },
  })),
  {
    name: 'maxBytes truncates the data, and the version is still that of the whole file',
    check: async ({ vfs, path }) => {
      for (const size of [100, 65_536, 200_000]) {
        const data = filler(size);
        await vfs.write(path('a'), data);
        const { version } = await found(vfs, path('a'));
        for (const maxBytes of [0, 1, size - 1, size, size + 1]) {
          const cut = await found(vfs, path('a'), { maxBytes });
          sameBytes(cut.data, data.subarray(0, maxBytes), `${String(size)} bytes cut to ${String(maxBytes)}`);
          strictEqual(cut.version, version);
        }
      }
    },
  },
  {
    name: 'a version that was read with maxBytes can be replaced',
    needs: [REPLACE],
    check: async ({ vfs, path }) => {
      for (const size of [100, 200_000]) {
        await vfs.write(path('a'), filler(size));
        const { version } = await found(vfs, path('a'), { maxBytes: 10 });
        await replaced(vfs, path('a'), version, bytes('new'));
        await holds(vfs, path('a'), bytes('new'));
      }
    },
  },
  {
    name: 'the data that a read returns belongs to the caller: changing it changes no file',
    check: async ({ vfs, path }) => {
      await vfs.write(path('a'), bytes('kept'));
      const snapshot = await found(vfs, path('a'));
      snapshot.data.fill(0);
      await holds(vfs, path('a'), bytes('kept'));
      strictEqual((await found(vfs, path('a'))).version, snapshot.version);
    },
  },
  {
    name: 'the data passed to a write still belongs to the caller: changing it later changes no file',
    needs: WRITES,
    check: async ({ vfs, path }) => {
      const data = Buffer.from('first');
      const version = await created(vfs, path('a'), data);
      data.fill(0);
      await holds(vfs, path('a'), bytes('first'));
      const next = Buffer.from('second');
      await replaced(vfs, path('a'), version, next);
      next.fill(0);
      await holds(vfs, path('a'), bytes('second'));
      const plain = Buffer.from('third');
      await vfs.write(path('a'), plain);
      plain.fill(0);
      await holds(vfs, path('a'), bytes('third'));
    },
  },
  {
    name: 'of a view into a larger buffer only the view is written',
    needs: WRITES,
    check: async ({ vfs, path }) => {
      const view = new Uint8Array(everyByte.buffer, 10, 20);
      const version = await created(vfs, path('a'), view);
      await holds(vfs, path('a'), view);
      await replaced(vfs, path('a'), version, new Uint8Array(everyByte.buffer, 30, 5));
      await holds(vfs, path('a'), everyByte.subarray(30, 35));
    },
  },
];
