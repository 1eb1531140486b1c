import { VfsError, type Vfs } from '../../../../src/index.js';
import { broken, brokenOnDisk, dataOf, tick, type Broken } from './broken.js';

/** All calls, with no signal. */
function deaf(right: Vfs): Partial<Vfs> {
  return {
    read: (path, { clock = false, maxBytes = Infinity } = {}) => right.read(path, { clock, maxBytes }),
    create: (path, data) => right.create(path, data),
    replace: (path, version, data) => right.replace(path, version, data),
    remove: (path, version) => right.remove(path, version),
    stat: (path) => right.stat(path),
    list: (folder, { recursive = false } = {}) => right.list(folder, { recursive }),
    write: (path, data) => right.write(path, data),
    move: (from, to) => right.move(from, to),
    delete: (path) => right.delete(path),
    readStream: (path) => right.readStream(path),
  };
}

/** Wrong words: of what the store can do, of what went wrong, and of what it did all the same. */
export const brokenManners: readonly Broken[] = [
  broken('hears no signal', deaf, ['whose signal has aborted', 'readStream fails when', 'aborted half-way']),
  broken(
    'rejects with the reason of the abort',
    (right) => ({
      stat: async (path, options) => {
        options?.signal?.throwIfAborted();
        return right.stat(path);
      },
    }),
    ['whose signal has aborted'],
  ),
  broken(
    'says that an abort changed nothing, after the change',
    (right) => ({
      replace: async (path, version, data, options) => {
        const written = await right.replace(path, version, data, options);
        for (let turns = 0; turns < 3; turns += 1) await tick();
        if (options?.signal?.aborted) throw new VfsError('ERR_VFS_ABORTED', `replace ${path}: aborted`);
        return written;
      },
    }),
    ['an abort at any moment'],
  ),
  broken(
    'leaves half a replacement when aborted',
    (right) => ({
      replace: async (path, version, data, options) => {
        const half = await right.replace(path, version, data.subarray(0, data.length / 2), options);
        await tick();
        if (options?.signal?.aborted) {
          throw new VfsError('ERR_VFS_ABORTED', `replace ${path}: aborted`, { effect: 'unknown' });
        }
        return half && right.replace(path, half.version, data);
      },
    }),
    ['an abort at any moment'],
  ),
  broken(
    'does what it says it cannot know',
    (right) => ({
      capabilities: { ...right.capabilities, create: 'usually' as 'atomic' },
    }),
    ['capabilities have only known values and valid numbers'],
  ),
  broken(
    'has a negative grain',
    (right) => ({
      capabilities: { ...right.capabilities, clock: { source: 'store', resolutionMs: -1 } },
    }),
    ['capabilities have only known values and valid numbers'],
  ),
  broken(
    'polls without a limit',
    (right) => ({ capabilities: { ...right.capabilities, poll: { minMs: 0, maxMs: Infinity } } }),
    ['capabilities have only known values and valid numbers'],
  ),
  broken(
    'finds out later what it can do',
    (right) => {
      let resolutionMs = 1;
      return {
        get capabilities() {
          return { ...right.capabilities, clock: { source: 'store' as const, resolutionMs } };
        },
        write: (path, data, options) => ((resolutionMs = 1000), right.write(path, data, options)),
      };
    },
    ['capabilities do not change once the store is in use'],
  ),
  broken('has a scheme that no URI can have', () => ({ scheme: 'My Store' }), ['the scheme is valid in a URI']),
  broken(
    'says only that it failed',
    (right) => ({
      move: async (from, to) => {
        if (from === to || (await right.stat(from))) return right.move(from, to);
        throw new VfsError('ERR_VFS_NOT_FOUND', 'not found');
      },
    }),
    ['an error names the operation and the path'],
  ),
  broken(
    'gives all errors one code',
    (right) => ({
      move: (from, to, options) =>
        right.move(from, to, options).catch((cause: unknown) => {
          throw new VfsError('ERR_VFS_IO', `cannot move ${right.locate(from)}`, { cause });
        }),
    }),
    ['move refuses', 'move onto itself', 'move of a file that does not exist fails, and creates none'],
  ),
  brokenOnDisk(
    'has synchronous operations that never lose',
    (right) => ({
      sync: {
        ...right.sync!,
        create: (path, data) => overwrite(right, path, data),
        replace: (path, _version, data) => overwrite(right, path, data),
      },
    }),
    ['synchronously: create loses', 'synchronously: replace loses'],
  ),
  brokenOnDisk(
    'has synchronous operations of another store',
    (right) => {
      const files = new Map<string, Uint8Array>();
      return {
        sync: {
          ...right.sync!,
          read: () => undefined,
          create: (path, data) => (files.set(path, data), { version: '1' as never }),
        },
        read: async (path, options) => ((await dataOf(right, path)) ? right.read(path, options) : undefined),
      };
    },
    ['synchronously: create makes a file', 'synchronously: a version is never valid again'],
  ),
];

function overwrite(right: Vfs, path: string, data: Uint8Array): { version: never } {
  const old = right.sync!.read(path);
  const written = old ? right.sync!.replace(path, old.version, data) : right.sync!.create(path, data);
  return written as { version: never };
}
