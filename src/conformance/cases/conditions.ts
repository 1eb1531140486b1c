import { strictEqual } from 'node:assert/strict';

import { CREATE, NO_CREATE, NO_REMOVE, NO_REPLACE, REMOVE, REPLACE, SWAPS, type Behaviour } from '../behaviour.js';
import { absent, bytes, created, fresh, found, holds, listsExactly, refusal, replaced } from '../tools.js';
import type { Version } from '../../vfs/vfs.js';

const NONE = 'no version of any file' as Version;

/** What the conditional operations do when nobody else uses the file. */
export const conditions: readonly Behaviour[] = [
  {
    name: 'read returns undefined where no file is, at any depth',
    check: async ({ vfs, path }) => {
      await absent(vfs, path('nothing'));
      await absent(vfs, path('no/such/folder/nothing'));
    },
  },
  {
    name: 'read returns undefined below a file, which is not a folder',
    check: async ({ vfs, path }) => {
      await vfs.write(path('file'), bytes('a file'));
      await absent(vfs, path('file/below'));
      strictEqual(await vfs.stat(path('file/below')), undefined);
      strictEqual(await vfs.delete(path('file/below')), false);
    },
  },
  {
    name: 'create makes a file where none is, and returns the version that a read then returns',
    needs: [CREATE],
    check: async ({ vfs, path }) => {
      const data = fresh();
      const version = await created(vfs, path('a'), data);
      await holds(vfs, path('a'), data);
      const snapshot = await found(vfs, path('a'));
      strictEqual(snapshot.version, version);
      strictEqual(snapshot.path, path('a'));
    },
  },
  {
    name: 'create loses where a file is, even an empty or an equal one, and changes nothing',
    needs: [CREATE],
    check: async ({ vfs, path }) => {
      for (const data of [bytes('first'), bytes('')]) {
        await vfs.write(path('a'), data);
        const before = await found(vfs, path('a'));
        strictEqual(await vfs.create(path('a'), bytes('second')), undefined);
        strictEqual(await vfs.create(path('a'), data), undefined);
        await holds(vfs, path('a'), data);
        strictEqual((await found(vfs, path('a'))).version, before.version);
      }
    },
  },
  {
    name: 'replace changes the version that it was given, time after time',
    needs: [CREATE, REPLACE],
    check: async ({ vfs, path }) => {
      let version = await created(vfs, path('a'), fresh());
      for (let round = 0; round < 5; round += 1) {
        const data = fresh();
        version = await replaced(vfs, path('a'), version, data);
        await holds(vfs, path('a'), data);
        strictEqual((await found(vfs, path('a'))).version, version);
      }
    },
  },
  {
    name: 'replace loses on any other version and where no file is, and changes nothing',
    needs: [CREATE, REPLACE],
    check: async ({ vfs, path, folder }) => {
      const old = await created(vfs, path('a'), fresh());
      const now = bytes('now');
      const version = await replaced(vfs, path('a'), old, now);
      strictEqual(await vfs.replace(path('a'), old, fresh()), undefined);
      strictEqual(await vfs.replace(path('a'), NONE, fresh()), undefined);
      strictEqual(await vfs.replace(path('b'), version, fresh()), undefined);
      await holds(vfs, path('a'), now);
      strictEqual((await found(vfs, path('a'))).version, version);
      await listsExactly(vfs, folder, [path('a')]);
    },
  },
  {
    name: 'remove removes the version that it was given',
    needs: [CREATE, REMOVE],
    check: async ({ vfs, path, folder }) => {
      const version = await created(vfs, path('a'), fresh());
      strictEqual(await vfs.remove(path('a'), version), true);
      await absent(vfs, path('a'));
      await listsExactly(vfs, folder, []);
    },
  },
  {
    name: 'remove loses on any other version and where no file is, and changes nothing',
    needs: SWAPS,
    check: async ({ vfs, path }) => {
      const old = await created(vfs, path('a'), fresh());
      const now = bytes('now');
      const version = await replaced(vfs, path('a'), old, now);
      strictEqual(await vfs.remove(path('a'), old), false);
      strictEqual(await vfs.remove(path('a'), NONE), false);
      strictEqual(await vfs.remove(path('b'), version), false);
      await holds(vfs, path('a'), now);
      strictEqual((await found(vfs, path('a'))).version, version);
    },
  },
  {
    name: 'a file that was removed can be created again, and its old version is no longer valid',
    needs: SWAPS,
    check: async ({ vfs, path }) => {
      const old = await created(vfs, path('a'), fresh());
      strictEqual(await vfs.remove(path('a'), old), true);
      strictEqual(await vfs.remove(path('a'), old), false);
      strictEqual(await vfs.replace(path('a'), old, fresh()), undefined);
      await absent(vfs, path('a'));
      const again = fresh();
      await created(vfs, path('a'), again);
      strictEqual(await vfs.remove(path('a'), old), false);
      strictEqual(await vfs.replace(path('a'), old, fresh()), undefined);
      await holds(vfs, path('a'), again);
    },
  },
  {
    name: 'create is refused as unsupported, and does nothing, where the store cannot do it',
    needs: [NO_CREATE],
    check: async ({ vfs, path }) => {
      await refusal('create', () => vfs.create(path('a'), fresh()), ['ERR_VFS_UNSUPPORTED']);
      await absent(vfs, path('a'));
    },
  },
  {
    name: 'replace is refused as unsupported, and does nothing, where the store cannot do it',
    needs: [NO_REPLACE],
    check: async ({ vfs, path }) => {
      await vfs.write(path('a'), bytes('old'));
      const { version } = await found(vfs, path('a'));
      await refusal('replace', () => vfs.replace(path('a'), version, fresh()), ['ERR_VFS_UNSUPPORTED']);
      await holds(vfs, path('a'), bytes('old'));
    },
  },
  {
    name: 'remove is refused as unsupported, and does nothing, where the store cannot do it',
    needs: [NO_REMOVE],
    check: async ({ vfs, path }) => {
      await vfs.write(path('a'), bytes('old'));
      const { version } = await found(vfs, path('a'));
      await refusal('remove', () => vfs.remove(path('a'), version), ['ERR_VFS_UNSUPPORTED']);
      await holds(vfs, path('a'), bytes('old'));
    },
  },
];
