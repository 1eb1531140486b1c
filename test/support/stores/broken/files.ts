import { Readable } from 'node:stream';

import { VfsError, type Entry, type Vfs } from '../../../../src/index.js';
import { broken, brokenOnDisk, dataOf, tick, wholeOf, type Broken } from './broken.js';

const isData = (data: Uint8Array | AsyncIterable<Uint8Array>): data is Uint8Array => data instanceof Uint8Array;

async function* listing(
  right: Vfs,
  folder: string,
  change: (entries: readonly Entry[]) => readonly Entry[],
  recursive?: boolean,
): AsyncGenerator<Entry> {
  const entries: Entry[] = [];
  for await (const entry of right.list(folder, { recursive: recursive ?? false })) entries.push(entry);
  yield* change(entries);
}

const listAs =
  (right: Vfs, change: (entries: readonly Entry[], folder: string) => readonly Entry[]): Vfs['list'] =>
  (folder, options) =>
    listing(right, folder, (entries) => change(entries, folder), options?.recursive);

/** Wrong streams, moves, lists and folders. */
export const brokenFiles: readonly Broken[] = [
  brokenOnDisk(
    'says that a folder was removed which has something in it',
    (right) => ({
      removeFolder: async (path) => {
        await right.removeFolder?.(path);
        return true;
      },
    }),
    ['a folder is removed where it is empty, and stays where something is in it'],
  ),
  broken(
    'appends by writing the whole file again',
    (right) => ({
      append: async (path, data) => {
        const old = (await dataOf(right, path)) ?? new Uint8Array();
        await tick();
        await right.write(path, Buffer.concat([old, data]));
      },
    }),
    ['many appends to one file at once are all there'],
  ),
  broken('overwrites where it should append', (right) => ({ append: (path, data) => right.write(path, data) }), [
    'append makes the file and the folders that it needs, and leaves what is there',
  ]),
  broken(
    'publishes a stream piece by piece',
    (right) => ({
      write: async (path, data, options) => {
        if (isData(data)) return right.write(path, data, options);
        let written: Uint8Array = new Uint8Array();
        for await (const piece of data) await right.write(path, (written = Buffer.concat([written, piece])));
      },
    }),
    [
      'nobody sees a streamed file',
      'a stream that fails changes nothing, leaves nothing behind, and its error is passed on',
    ],
  ),
  broken(
    'drops the last piece',
    (right) => ({
      write: async (path, data, options) =>
        right.write(path, isData(data) ? data : Buffer.concat((await wholeOf(data)).slice(0, -1)), options),
    }),
    ['write accepts a stream with pieces of any size'],
  ),
  broken(
    'takes the end of a broken stream for its end',
    (right) => ({
      write: async (path, data, options) => {
        if (isData(data)) return right.write(path, data, options);
        const pieces: Uint8Array[] = [];
        try {
          for await (const piece of data) pieces.push(piece);
        } catch {
          pieces.push(Buffer.from('the end'));
        }
        await right.write(path, Buffer.concat(pieces), options);
      },
    }),
    ['a stream that fails changes nothing, leaves nothing behind, and its error is passed on'],
  ),
  broken(
    'streams text',
    (right) => ({
      readStream: (path, options) => right.readStream(path, options).setEncoding('latin1'),
    }),
    ['readStream returns the whole file, in bytes'],
  ),
  broken(
    'streams all but the end',
    (right) => ({
      readStream: (path) => Readable.from(firstHalf(right, path), { objectMode: false }),
    }),
    ['readStream returns the whole file, in bytes'],
  ),
  broken(
    'streams once',
    (right) => {
      const streamed = new Set<string>();
      return {
        readStream: (path, options) => (streamed.add(path), right.readStream(path, options)),
        delete: async (path) => !streamed.has(path) && right.delete(path),
      };
    },
    ['readStream can be left'],
  ),
  broken(
    'fails in streams in its own way',
    () => ({
      readStream: () => Readable.from(failing(), { objectMode: false }),
    }),
    ['readStream of a file that does not exist fails', 'readStream fails when its signal aborts'],
  ),
  broken('moves whatever is there', (right) => ({ move: (from, to) => right.move(from, to) }), [
    'move moves a file that is as it was seen, and refuses one that has changed since',
  ]),
  broken(
    'moves over what is there',
    (right) => ({
      move: async (from, to) => {
        const data = await dataOf(right, from);
        if (data && from !== to) await right.write(to, data);
        await right.delete(from);
      },
    }),
    [
      'move refuses a path that is taken, and both files stay as they are',
      'move onto itself',
      'move of a file that does not exist fails, and creates none',
      'of many files moved to one path at once one succeeds, and the others stay where they are',
      'an error names',
    ],
  ),
  broken(
    'moves as one copies, slowly',
    (right) => ({
      move: async (from, to) => {
        const data = await dataOf(right, from);
        if (!data) throw new VfsError('ERR_VFS_NOT_FOUND', `cannot move ${right.locate(from)}: it is not there`);
        if (await right.stat(to)) throw new VfsError('ERR_VFS_EXISTS', `cannot move ${right.locate(from)}: taken`);
        await right.write(to, data.subarray(0, data.length / 2));
        await tick();
        await right.write(to, data);
        await right.delete(from);
      },
    }),
    [
      'readers see a moved file whole or not at all at its new path',
      'of many clients that move one file to different paths one succeeds, and there is one file',
      'of many files moved to one path at once one succeeds, and the others stay where they are',
    ],
  ),
  broken(
    'copies instead of moving',
    (right) => ({
      move: async (from, to) => {
        const data = await dataOf(right, from);
        if (!data) throw new VfsError('ERR_VFS_NOT_FOUND', `cannot move ${right.locate(from)}: it is not there`);
        if (!(await right.stat(to))) return right.write(to, data);
        throw new VfsError('ERR_VFS_EXISTS', `cannot move ${right.locate(from)}: taken`);
      },
    }),
    ['move moves a file unchanged to a free path, and creates folders as needed'],
  ),
  broken(
    'loses a file that cannot be moved',
    (right) => ({
      move: async (from, to) => {
        try {
          await right.move(from, to);
        } catch (error) {
          await right.delete(from);
          throw error;
        }
      },
    }),
    [
      'move refuses a path that is taken, and both files stay as they are',
      'move onto itself',
      'of many files moved to one path at once one succeeds, and the others stay where they are',
    ],
  ),
  broken(
    'lists all that begins alike',
    (right) => ({
      list: (folder, options) =>
        listing(
          right,
          '',
          (all) =>
            all.filter(
              ({ path }) =>
                path.startsWith(folder) &&
                (options?.recursive === true || path.split('/').length <= folder.split('/').length + 1),
            ),
          true,
        ),
    }),
    [
      'list returns the files of one folder with their sizes and times, and not those of its subfolders',
      'list includes all subfolders when asked to',
    ],
  ),
  broken('lists one page', (right) => ({ list: listAs(right, (entries) => entries.slice(0, 100)) }), [
    'list returns each of',
  ]),
  broken(
    'lists the first of each page twice',
    (right) => ({ list: listAs(right, (entries) => [...entries, ...entries.slice(0, 1)]) }),
    [
      'list returns each of',
      'list includes all subfolders when asked to',
      'many writes of one file at once leave one of them',
    ],
  ),
  broken(
    'lists paths below the folder',
    (right) => ({
      list: listAs(right, (entries, folder) =>
        entries.map((entry) => ({ ...entry, path: entry.path.slice(folder === '' ? 0 : folder.length + 1) })),
      ),
    }),
    ['list returns the files of one folder with their sizes and times, and not those of its subfolders'],
  ),
  broken('lists sub-folders never', (right) => ({ list: (folder) => right.list(folder) }), [
    'list includes all subfolders when asked to',
  ]),
  broken('lists sub-folders always', (right) => ({ list: (folder) => right.list(folder, { recursive: true }) }), [
    ...[
      'list returns the files of one folder with their sizes and times, and not those of its subfolders',
      'list includes all subfolders when asked to',
    ],
  ]),
  broken(
    'leaves scratch files behind',
    (right) => ({
      replace: async (path, version, data, options) => {
        const written = await right.replace(path, version, data, options);
        if (!written) await right.write(`${path}.scratch`, data);
        return written;
      },
    }),
    ['only the expected files are left behind, whether calls win, lose or race'],
  ),
  brokenOnDisk('watches in its sleep', () => ({ watch: () => () => undefined }), [
    'a watcher of a file is notified when it changes and when it disappears',
    'a watcher that stopped is not notified any more, while others still are',
  ]),
  brokenOnDisk(
    'tells who stopped',
    (right) => ({
      watch: (path, onChange) => right.watch?.(path, onChange) && (() => undefined),
    }),
    ['a watcher that stopped is not notified any more, while others still are'],
  ),
];

async function* firstHalf(right: Vfs, path: string): AsyncGenerator<Uint8Array> {
  const data = (await dataOf(right, path)) ?? new Uint8Array();
  yield data.subarray(0, data.length / 2);
}

// eslint-disable-next-line require-yield
async function* failing(): AsyncGenerator<Uint8Array> {
  await tick();
  throw Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' });
}
