import { notStrictEqual, ok, strictEqual } from 'node:assert/strict';

import { CREATE, REPLACE, SWAPS, type Behaviour } from '../behaviour.js';
import { bytes, created, filler, fresh, found, holds, replaced } from '../tools.js';

/** What a version guarantees. */
export const versions: readonly Behaviour[] = [
  {
    name: 'a file that nobody changes has the same version at each read',
    check: async ({ vfs, path }) => {
      for (const data of [bytes(''), fresh(), filler(200_000)]) {
        await vfs.write(path('a'), data);
        const { version } = await found(vfs, path('a'));
        ok(typeof version === 'string' && version !== '');
        for (let reads = 0; reads < 3; reads += 1) strictEqual((await found(vfs, path('a'))).version, version);
        strictEqual((await found(vfs, path('a'), { clock: true })).version, version);
      }
    },
  },
  {
    name: 'contents that differ have versions that differ, whatever the length',
    needs: [CREATE, REPLACE],
    check: async ({ vfs, path }) => {
      const seen = new Set<string>();
      let version = await created(vfs, path('a'), bytes(''));
      seen.add(version);
      for (const size of [1, 1000, 65_536, 65_537, 200_000]) {
        for (const difference of [0, 1, 2]) {
          const data = Buffer.from(filler(size));
          data[size - 1] = difference;
          version = await replaced(vfs, path('a'), version, data);
          ok(!seen.has(version), `a version was used again for another content of ${String(size)} bytes`);
          seen.add(version);
        }
      }
    },
  },
  {
    name: 'a version is never valid again once the file changed, even if its old text returns with a fresh nonce (ABA)',
    needs: SWAPS,
    check: async ({ vfs, path }) => {
      const first = await created(vfs, path('a'), bytes('A, nonce 1'));
      const second = await replaced(vfs, path('a'), first, bytes('B, nonce 2'));
      await replaced(vfs, path('a'), second, bytes('A, nonce 3'));
      strictEqual(await vfs.replace(path('a'), first, fresh()), undefined);
      strictEqual(await vfs.remove(path('a'), first), false);
      await holds(vfs, path('a'), bytes('A, nonce 3'));
    },
  },
  {
    name: 'a plain write and a plain delete also make a version invalid',
    needs: SWAPS,
    check: async ({ vfs, path }) => {
      const old = await created(vfs, path('a'), fresh());
      const written = fresh();
      await vfs.write(path('a'), written);
      notStrictEqual((await found(vfs, path('a'))).version, old);
      strictEqual(await vfs.replace(path('a'), old, fresh()), undefined);
      strictEqual(await vfs.remove(path('a'), old), false);
      await holds(vfs, path('a'), written);
      const { version } = await found(vfs, path('a'));
      strictEqual(await vfs.delete(path('a')), true);
      strictEqual(await vfs.replace(path('a'), version, fresh()), undefined);
      strictEqual(await vfs.remove(path('a'), version), false);
    },
  },
];
