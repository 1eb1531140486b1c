import { ok, strictEqual, throws } from 'node:assert/strict';

import type { Vfs } from '../../vfs/vfs.js';
import { WRITES, type Behaviour } from '../behaviour.js';
import { absent, bytes, created, fresh, holds, listed, listsExactly, refusal, removed, vfsError } from '../tools.js';
import type { Version } from '../../vfs/vfs.js';

const NAMES = [
  ...['data 2026.csv', ' leading and trailing ', 'a%20b', '100%', '%41', 'a+b', 'a&b=c;d,e@f$g', 'q?x=1', '#hash'],
  ...['back\\slash', "quote's", 'double"quote', '<tag>', '[set]', 'star*', 'pipe|', 'semi;colon', 'co:lon', '~', '{}'],
  ...[
    '...',
    '.hidden',
    'a..b',
    'trailing.',
    'no.lock',
    'Zoë',
    'Zoe\u0308',
    '日本語',
    '\u{1f512}',
    'ﬁ',
    '-rf',
    '$HOME',
    '`x`',
  ],
];

const REFUSED: readonly (readonly [string, string])[] = [
  ['an empty path', ''],
  ['a path that starts with a slash', '/a'],
  ['a path with a slash at its end', 'a/'],
  ['a path with an empty name', 'a//b'],
  ['a path that is .', '.'],
  ['a path with the name .', 'a/./b'],
  ['a path that is ..', '..'],
  ['a path with the name ..', 'a/../b'],
  ['a path that leads above the root', '../a'],
  ['a path with a NUL', 'a\0b'],
  ['a path with half a surrogate pair, which has no UTF-8', 'a\ud800b'],
  ['no text at all', undefined as unknown as string],
  ['a number', 5 as unknown as string],
];

/** Every operation that takes a path, called with this one. */
function callsWith(vfs: Vfs, path: string): readonly (readonly [string, () => Promise<unknown>])[] {
  const version = 'of no file' as Version;
  return [
    ['read', () => vfs.read(path)],
    ['create', () => vfs.create(path, fresh())],
    ['replace', () => vfs.replace(path, version, fresh())],
    ['remove', () => vfs.remove(path, version)],
    ['stat', () => vfs.stat(path)],
    ['write', () => vfs.write(path, fresh())],
    ['move from', () => vfs.move(path, 'target')],
    ['move to', () => vfs.move('source', path)],
    ['delete', () => vfs.delete(path)],
    ['readStream', async () => vfs.readStream(path).toArray()],
    ...(path === '' ? [] : [['list', () => listed(vfs, path)] as const]),
  ];
}

/** Which paths are valid. Long ones are tested in `longPaths`. */
export const paths: readonly Behaviour[] = [
  {
    name: 'a name is used unchanged: with blanks, percent signs, quotes, other scripts or dots',
    check: async ({ vfs, path, folder }) => {
      for (const name of NAMES) {
        vfs.check(path(name));
        await vfs.write(path(name), bytes(name));
      }
      for (const name of NAMES) await holds(vfs, path(name), bytes(name));
      await listsExactly(vfs, folder, NAMES.map(path));
      for (const name of NAMES) strictEqual(await vfs.delete(path(name)), true, name);
      await listsExactly(vfs, folder, []);
    },
  },
  {
    name: 'a lock file can have any such name, in a folder with any such name',
    needs: WRITES,
    check: async ({ vfs, path }) => {
      for (const name of NAMES) {
        const inside = path(`${name}/${name}`);
        await vfs.write(path(`${name}/keeps the folder`), bytes(''));
        const version = await created(vfs, inside, fresh());
        const written = await vfs.replace(inside, version, fresh());
        ok(written, `replace ${inside}: was lost`);
        await removed(vfs, inside, written.version);
        await absent(vfs, inside);
      }
    },
  },
  {
    name: 'a path may lead through many folders',
    check: async ({ vfs, path }) => {
      const deep = path(Array.from({ length: 20 }, (_, level) => `level ${String(level)}`).join('/'));
      await vfs.write(deep, bytes('deep'));
      await holds(vfs, deep, bytes('deep'));
    },
  },
  {
    name: 'an invalid path is refused by check and by every operation, before anything is changed',
    check: async ({ vfs, folder }) => {
      for (const [what, path] of REFUSED) {
        throws(
          () => vfs.check(path),
          (error: unknown) => vfsError(`check of ${what}`, error, ['ERR_VFS_PATH']).effect === 'none',
        );
        for (const [verb, call] of callsWith(vfs, path)) {
          const error = await refusal(`${verb} with ${what}`, call, ['ERR_VFS_PATH']);
          strictEqual(error.effect, 'none', `${verb} with ${what}`);
        }
      }
      await listsExactly(vfs, folder, []);
    },
  },
  {
    name: 'locate returns a different text for each path, the same each time, and accepts every path that check accepts',
    check: ({ vfs, path }) => {
      const located = new Set<string>();
      for (const name of [...NAMES, 'a/b', 'a%2Fb']) {
        const shown = vfs.locate(path(name));
        ok(typeof shown === 'string' && shown !== '');
        strictEqual(vfs.locate(path(name)), shown);
        located.add(shown);
      }
      strictEqual(located.size, NAMES.length + 2);
      return Promise.resolve();
    },
  },
];
