import { VfsError } from '../vfs/errors.js';
import { VfsFile } from '../vfs/file.js';
import { lockPath } from '../vfs/names.js';
import { resolveSignal } from '../lock/model/options.js';
import { lockedPath } from '../vfs/names.js';
import { concurrencyOf, inParallel } from '../util/in-parallel.js';
import { Inspector, respectMs, type Inspection, type InspectOptions } from '../lock/inspect.js';
import { openFolder, type Location } from '../open.js';
import { type Folder } from '../vfs/path.js';

/** A lock that was found, and the file that it locks, which need not exist. */
export interface Listed extends Inspection {
  readonly file: VfsFile;
  /** Why the lock file could not be read; its state is `'unreadable'` then. */
  readonly error: VfsError | undefined;
}

export interface ListLocksOptions extends InspectOptions {
  /** Also in all folders below. Default false. */
  readonly recursive?: boolean;
  /** How many lock files are read at once, from 1 to 1000. Default 16. */
  readonly concurrency?: number;
  /** Told of each folder below that cannot be listed. Without it the first such error ends the list, after all else. */
  readonly onError?: (error: VfsError, folder: string) => void;
}

/**
 * Looks at every lock in a folder, as `inspect` does, in no promised order and in bounded memory. The first one comes before
 * the last name is known; locks that vanish meanwhile are left out. Files named `*.lock` that are not locks of this library
 * are `'unreadable'`, and later `'stale'` with that reason.
 */
export function list(location: Location, options: ListLocksOptions = {}): AsyncIterable<Listed> {
  const ttlMs = respectMs(options);
  const concurrency = concurrencyOf(options);
  return { [Symbol.asyncIterator]: () => listed(location, { ...options, ttlMs, concurrency }) };
}

interface Terms extends ListLocksOptions {
  readonly ttlMs: number;
  readonly concurrency: number;
}

async function* listed(location: Location, options: Terms): AsyncGenerator<Listed> {
  const signal = resolveSignal(options);
  const folder = await openFolder(location);
  const inspector = new Inspector(folder.vfs, options.ttlMs);
  const locks = lockedFiles(folder, options);
  try {
    for await (const found of inParallel(locks, options.concurrency, (file) => lookAt(inspector, file, signal))) {
      signal?.throwIfAborted();
      if (found) yield found;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** The files of which there are locks in a folder, whether or not they exist. */
export async function* lockedFiles({ vfs, path }: Folder, options: ListLocksOptions): AsyncGenerator<VfsFile> {
  const { recursive = false, signal } = options;
  let unlisted: VfsError | undefined;
  const onError = options.onError ?? ((error: VfsError): void => void (unlisted ??= error));
  for await (const entry of vfs.list(path, { recursive, signal, onError })) {
    const locked = lockedPath(entry.path);
    if (locked !== undefined) yield new VfsFile(vfs, locked);
  }
  if (unlisted) throw unlisted;
}

/** Undefined: it has vanished. */
export async function lookAt(
  inspector: Inspector,
  file: VfsFile,
  signal: AbortSignal | undefined,
): Promise<Listed | undefined> {
  try {
    const inspection = await inspector.inspect(file.path, { signal });
    return inspection.state === 'free' ? undefined : { ...inspection, file, error: undefined };
  } catch (error) {
    if (!(error instanceof VfsError)) throw error;
    return { ...UNREAD, path: file.vfs.locate(lockPath(file.path)), file, error };
  }
}

const UNREAD = {
  state: 'unreadable',
  reason: undefined,
  record: undefined,
  ageMs: undefined,
  idleMs: undefined,
  expiresInMs: undefined,
  timed: false,
  version: undefined,
} as const;
