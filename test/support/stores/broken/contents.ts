import { VfsError, type Stat, type Vfs } from '../../../../src/index.js';
import { broken, readAs, wholeOf, type Broken } from './broken.js';

const HOUR_MS = 3_600_000;

/** All who write, with what they write changed. */
function writing(change: (data: Uint8Array) => Uint8Array): (right: Vfs) => Partial<Vfs> {
  return (right) => ({
    create: (path, data, options) => right.create(path, change(data), options),
    replace: (path, version, data, options) => right.replace(path, version, change(data), options),
    write: (path, data, options) => right.write(path, data instanceof Uint8Array ? change(data) : data, options),
  });
}

const statAs =
  (right: Vfs, change: (stat: Stat) => Stat): Vfs['stat'] =>
  async (path, options) => {
    const stat = await right.stat(path, options);
    return stat && change(stat);
  };

/** Wrong bytes, sizes and times. */
export const brokenContents: readonly Broken[] = [
  broken(
    'keeps 64 KiB',
    writing((data) => data.subarray(0, 65_536)),
    [
      ...[
        'a file of 1 byte more than 64 KiB',
        'a file of 1 MiB',
        'a file of a bit more than 3 MiB',
        'stat returns the size and the time of a file, and undefined where none is',
        'move moves a file unchanged to a free path, and creates folders as needed',
      ],
      ...[
        'readStream returns the whole file, in bytes',
        'list returns the files of one folder with their sizes and times, and not those of its subfolders',
      ],
    ],
  ),
  broken(
    'takes bytes for text',
    writing((data) => Buffer.from(Buffer.from(data).toString())),
    [...['a file of every byte', 'a file of 64 KiB', 'a file of 1 byte short of 64 KiB']],
  ),
  broken(
    'drops NULs',
    writing((data) => data.filter((byte) => byte !== 0)),
    ['a file of a single NUL'],
  ),
  broken(
    'straightens line ends',
    writing((data) => Buffer.from(Buffer.from(data).toString('latin1').replaceAll('\r\n', '\n'), 'latin1')),
    ['a file of a byte order mark and line ends'],
  ),
  broken(
    'writes the whole buffer of a view',
    writing((data) => (data.byteLength === data.buffer.byteLength ? data : Buffer.from(data.buffer))),
    ['a view into a larger buffer'],
  ),
  broken(
    'gives away what it keeps',
    (right) => {
      const kept = new Map<string, Uint8Array>();
      return {
        read: async (path, options) => {
          const snapshot = await right.read(path, options);
          if (!snapshot || options?.maxBytes !== undefined) return snapshot;
          if (!kept.get(path)) kept.set(path, snapshot.data);
          return { ...snapshot, data: kept.get(path)! };
        },
      };
    },
    ['the data that a read returns belongs to the caller: changing it changes no file'],
  ),
  broken(
    'keeps what it was given and may change later',
    (right) => {
      const kept = new Map<string, Uint8Array>();
      return {
        create: (path, data) => (kept.set(path, data), right.create(path, data)),
        read: async (path, options) => {
          const snapshot = await right.read(path, options);
          const data = kept.get(path);
          return snapshot && data?.length === snapshot.data.length ? { ...snapshot, data } : snapshot;
        },
      };
    },
    ['the data passed to a write still belongs to the caller: changing it later changes no file'],
  ),
  broken(
    'pays no heed to maxBytes',
    (right) => ({ read: (path, { clock = false } = {}) => right.read(path, { clock }) }),
    ['maxBytes truncates the data, and the version is still that of the whole file'],
  ),
  broken(
    'tells the version of the part that was read',
    (right) => ({
      read: async (path, options) => {
        const snapshot = await right.read(path, options);
        const part = options?.maxBytes ?? Infinity;
        return snapshot && part < 100
          ? { ...snapshot, version: `${snapshot.version} ${part}` as typeof snapshot.version }
          : snapshot;
      },
    }),
    [
      'maxBytes truncates the data, and the version is still that of the whole file',
      'a version that was read with maxBytes can be replaced',
    ],
  ),
  broken('tells the path of the disk', (right) => ({ read: readAs(right, ({ path }) => ({ path: `/${path}` })) }), [
    'create makes a file where none is',
  ]),
  broken(
    'tells the time of its own clock, an hour ahead',
    (right) => ({
      read: readAs(right, () => ({ nowMs: Date.now() + HOUR_MS })),
    }),
    ['a file ages as time passes, within the resolution of the clock'],
  ),
  broken(
    'tells the time of its own clock, an hour behind',
    (right) => ({
      read: readAs(right, () => ({ nowMs: Date.now() - HOUR_MS })),
    }),
    ['in the future of the store', 'a file ages as time passes, within the resolution of the clock'],
  ),
  broken(
    'tells no time, though it says that it can',
    (right) => ({ read: readAs(right, () => ({ nowMs: undefined })) }),
    [...['in the future of the store', 'a file ages as time passes, within the resolution of the clock']],
  ),
  broken(
    'tells a time, though it says that it cannot',
    (right) => ({
      capabilities: { ...right.capabilities, clock: { source: 'none', resolutionMs: 0 } },
    }),
    ['a store without a clock'],
  ),
  broken(
    'tells when a file was first written',
    (right) => {
      const born = new Map<string, number>();
      return {
        read: readAs(right, ({ path, modifiedMs }) => {
          if (!born.has(path)) born.set(path, modifiedMs);
          return { modifiedMs: born.get(path)! };
        }),
      };
    },
    ['a file that is written again has a later modification time'],
  ),
  broken(
    'tells other times in stat',
    (right) => ({
      stat: statAs(right, ({ size, modifiedMs }) => ({ size, modifiedMs: modifiedMs - HOUR_MS })),
    }),
    [
      'stat and read return the same modification time',
      'list returns the files of one folder with their sizes and times, and not those of its subfolders',
    ],
  ),
  broken(
    'tells sizes in kilobytes',
    (right) => ({
      stat: statAs(right, ({ size, modifiedMs }) => ({ size: Math.ceil(size / 1000), modifiedMs })),
    }),
    ['stat returns the size and the time of a file, and undefined where none is'],
  ),
  broken(
    'throws in stat and delete where no file is',
    (right) => ({
      stat: async (path) => (await right.stat(path)) ?? missing(path),
      delete: async (path) => (await right.delete(path)) || missing(path),
    }),
    [
      'stat returns the size and the time of a file, and undefined where none is',
      'delete deletes a file',
      'read returns undefined below a file, which is not a folder',
    ],
  ),
  broken(
    'makes no folders',
    (right) => ({
      write: async (path, data, options) => {
        const { version } = (await right.create(path, new Uint8Array(), options)) ?? (await right.read(path))!;
        await right.replace(path, version, Buffer.concat(await wholeOf(data)));
      },
    }),
    [
      'write creates the folders that it needs, and replaces an existing file completely',
      'a path may lead through many folders',
      'list includes all subfolders when asked to',
    ],
  ),
  broken(
    'writes over the beginning',
    (right) => ({
      write: async (path, data, options) => {
        const old = (await right.read(path))?.data;
        if (!old || !(data instanceof Uint8Array)) return right.write(path, data, options);
        return right.write(path, Buffer.concat([data, old.subarray(data.length)]), options);
      },
    }),
    ['write creates the folders that it needs, and replaces an existing file completely'],
  ),
  broken(
    'appends',
    (right) => ({
      write: async (path, data, options) => {
        const old = (await right.read(path))?.data ?? new Uint8Array();
        if (!(data instanceof Uint8Array)) return right.write(path, data, options);
        return right.write(path, Buffer.concat([old, data]), options);
      },
    }),
    [
      'write creates the folders that it needs, and replaces an existing file completely',
      'stat returns the size and the time of a file, and undefined where none is',
    ],
  ),
  broken(
    'says that it deleted, and does not',
    (right) => ({ delete: async (path) => (await right.stat(path)) !== undefined }),
    ['delete deletes a file'],
  ),
  broken(
    'deletes all that begins alike',
    (right) => ({
      delete: async (path) => {
        for await (const entry of right.list('')) if (entry.path.startsWith(path)) await right.delete(entry.path);
        return true;
      },
    }),
    ['delete deletes a file'],
  ),
];

function missing(path: string): never {
  throw new VfsError('ERR_VFS_NOT_FOUND', `cannot find ${path}: there is no such file`);
}
