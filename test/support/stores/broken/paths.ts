import { VfsError, type Vfs } from '../../../../src/index.js';
import { broken, type Broken } from './broken.js';

/** All calls that take a path, with another path. */
function takingPathsAs(changeText: (path: string) => string): (right: Vfs) => Partial<Vfs> {
  const change = (path: unknown): string => (typeof path === 'string' ? changeText(path) : (path as string));
  return (right) => ({
    check: (path) => right.check(change(path)),
    read: async (path, options) => {
      const snapshot = await right.read(change(path), options);
      return snapshot && { ...snapshot, path };
    },
    create: (path, data, options) => right.create(change(path), data, options),
    replace: (path, version, data, options) => right.replace(change(path), version, data, options),
    remove: (path, version, options) => right.remove(change(path), version, options),
    stat: (path, options) => right.stat(change(path), options),
    list: (folder, options) => right.list(folder === '' ? '' : change(folder), options),
    write: (path, data, options) => right.write(change(path), data, options),
    move: (from, to, options) => right.move(change(from), change(to), options),
    delete: (path, options) => right.delete(change(path), options),
    readStream: (path, options) => right.readStream(change(path), options),
  });
}

const TAKEN_AS_IT_IS = 'a name is used unchanged: with blanks, percent signs, quotes, other scripts or dots';

/** Wrong ideas of what a path is. */
export const brokenPaths: readonly Broken[] = [
  broken(
    'decodes percents',
    takingPathsAs((path) => {
      try {
        return decodeURIComponent(path);
      } catch {
        return path;
      }
    }),
    [TAKEN_AS_IT_IS],
  ),
  broken(
    'takes plus for blank',
    takingPathsAs((path) => path.replaceAll('+', ' ')),
    [TAKEN_AS_IT_IS],
  ),
  broken(
    'trims names',
    takingPathsAs((path) =>
      path
        .split('/')
        .map((name) => name.trim())
        .join('/'),
    ),
    [TAKEN_AS_IT_IS],
  ),
  broken(
    'composes characters',
    takingPathsAs((path) => path.normalize('NFKC')),
    [TAKEN_AS_IT_IS],
  ),
  broken(
    'works out dots',
    takingPathsAs((path) =>
      path
        .split('/')
        .filter((name) => !['', '.', '..'].includes(name))
        .join('/'),
    ),
    ['an invalid path is refused by check and by every operation, before anything is changed'],
  ),
  broken(
    'cuts a path at a NUL',
    takingPathsAs((path) => path.split('\0')[0]!),
    ['an invalid path is refused by check and by every operation, before anything is changed'],
  ),
  broken(
    'replaces half characters',
    takingPathsAs((path) => path.toWellFormed()),
    ['an invalid path is refused by check and by every operation, before anything is changed'],
  ),
  broken(
    'refuses names with blanks when it comes to locks',
    (right) => ({
      create: (path, data, options) => {
        if (path.includes(' ')) throw new VfsError('ERR_VFS_PATH', `cannot create ${path}: a blank`);
        return right.create(path, data, options);
      },
    }),
    ['a lock file can have any such name, in a folder with any such name'],
  ),
  broken(
    'takes three folders at most',
    (right) => ({
      write: (path, data, options) => right.write(path.split('/').slice(-3).join('/'), data, options),
    }),
    ['a path may lead through many folders'],
  ),
  broken(
    'checks in check alone',
    (right) => ({
      stat: async (path) => {
        try {
          return await right.stat(path);
        } catch {
          return undefined;
        }
      },
    }),
    ['an invalid path is refused by check and by every operation, before anything is changed'],
  ),
  broken(
    'throws in place',
    (right) => ({
      stat: (path) => {
        right.check(path);
        return right.stat(path);
      },
    }),
    ['an invalid path is refused by check and by every operation, before anything is changed'],
  ),
  broken(
    'checks no lengths',
    (right) => ({
      check: (path) => {
        if (typeof path !== 'string' || path.length < 200) right.check(path);
      },
    }),
    [
      'the longest name that check accepts can be written, created, replaced and removed',
      'the longest path that check accepts can be written, created, replaced and removed',
    ],
  ),
  broken('locates all names at one place', () => ({ locate: () => 'somewhere' }), [
    'locate returns a different text for each path, the same each time, and accepts every path that check accepts',
  ]),
  broken('locates by encoding badly', () => ({ locate: (path) => `x:///${decodeURIComponent(path)}` }), [
    'locate returns a different text for each path, the same each time, and accepts every path that check accepts',
  ]),
];
