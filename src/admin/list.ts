import { VfsError } from '../vfs/errors.js';
import { VfsFile } from '../vfs/file.js';
import { isWaiterPath, isWaitersFolder, lockedPath, lockPath } from '../vfs/names.js';
import type { Vfs } from '../vfs/vfs.js';
import type { Waiter } from '../lock/model/waiter.js';
import { waitersIn } from '../lock/model/waiters.js';
import { RecentMap } from '../util/recent-map.js';
import { resolveSignal } from '../lock/model/acquire-options.js';
import { BOOLEAN, checkOptions, FUNCTION, NUMBER, type OptionKinds } from '../util/option-check.js';
import { concurrencyOf, inParallel } from '../util/in-parallel.js';
import { INSPECT_OPTIONS, Inspector, respectMs, type Inspection, type InspectOptions } from '../lock/inspect.js';
import { openFolder, type Location } from '../open.js';
import { folderOf, nameOf, type Folder } from '../vfs/path.js';

/** A lock that was found in a folder. */
export interface Listed extends Inspection {
  /** The file that is locked. It need not exist. */
  readonly file: VfsFile;
  /** Why the lock file could not be read, in which case `state` is `'unreadable'`. Undefined: it could be read. */
  readonly error: VfsError | undefined;
}

/** Options of `list`. */
export interface ListLocksOptions extends Omit<InspectOptions, 'lockPath'> {
  /**
   * Also list the locks in all subfolders.
   * @default false
   */
  readonly recursive?: boolean | undefined;
  /**
   * How many lock files are read at the same time, from 1 to 1000.
   * @default 16
   */
  readonly concurrency?: number | undefined;
  /**
   * Called for each subfolder that cannot be listed.
   * @default the first such error is thrown after everything else was listed
   */
  readonly onError?: ((error: VfsError, folder: string) => void) | undefined;
}

const { lockPath: _, ...INSPECTING } = INSPECT_OPTIONS;
export const LIST_OPTIONS: OptionKinds<ListLocksOptions> = {
  ...INSPECTING,
  ...{ recursive: BOOLEAN, concurrency: NUMBER, onError: FUNCTION },
};

/**
 * Inspects every lock in a folder, in no particular order and in bounded memory. Locks that are released meanwhile are left out. A
 * file named `*.lock` that is empty or holds an incomplete record is `'unreadable'`, and becomes `'stale'` with that reason after
 * `ttl`; one that belongs to another program, such as a `yarn.lock`, is `'foreign'`.
 *
 * @throws {LockOptionError} if the location or an option cannot be used.
 * @throws {VfsError} while it is iterated, if the folder cannot be listed.
 * @throws the reason of `signal`, while it is iterated, if that aborts.
 * @example
 * for await (const { path, state, record } of list('inbox', { recursive: true })) {
 *   console.log(path, state, record?.hostname);
 * }
 */
export function list(location: Location, options: ListLocksOptions = {}): AsyncIterable<Listed> {
  checkOptions('list', options, LIST_OPTIONS);
  const ttlMs = respectMs(options);
  const concurrency = concurrencyOf(options);
  return { [Symbol.asyncIterator]: () => listed(location, { ...options, ttlMs, concurrency }) };
}

interface ResolvedListOptions extends ListLocksOptions {
  readonly ttlMs: number;
  readonly concurrency: number;
}

async function* listed(location: Location, options: ResolvedListOptions): AsyncGenerator<Listed> {
  const signal = resolveSignal(options);
  const folder = await openFolder(location);
  const inspector = new Inspector(folder.vfs, options.ttlMs);
  const locks = lockedFiles(folder, options);
  const waiting = options.waiters ? new Waiting(inspector, signal) : undefined;
  const inspecting = async (file: VfsFile): Promise<Listed | undefined> => {
    const found = await inspectFile(inspector, file, signal);
    return found && waiting ? { ...found, waiters: await waiting.for(file) } : found;
  };
  try {
    for await (const found of inParallel(locks, options.concurrency, inspecting)) {
      signal?.throwIfAborted();
      if (found) yield found;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** A listing goes through the locks of one folder after the other. */
const FOLDERS_KEPT = 100;

/** Who waits for the locks of a listing: looked for once in each folder that has locks. */
class Waiting {
  readonly #inspector: Inspector;
  readonly #signal: AbortSignal | undefined;
  readonly #folders = new RecentMap<ReturnType<typeof waitersIn>>(FOLDERS_KEPT);

  constructor(inspector: Inspector, signal: AbortSignal | undefined) {
    this.#inspector = inspector;
    this.#signal = signal;
  }

  async for({ vfs, path }: VfsFile): Promise<readonly Waiter[]> {
    const lock = lockPath(path);
    const folder = folderOf(lock);
    let found = this.#folders.get(folder);
    if (found === undefined) {
      found = waitersIn(vfs, folder, this.#inspector.waitersOptions(this.#signal));
      this.#folders.set(folder, found);
    }
    return (await found).get(nameOf(lock)) ?? [];
  }
}

/** How to look for lock files. */
interface LockedFilesOptions extends Pick<ListLocksOptions, 'recursive' | 'signal' | 'onError'> {
  /** Called with the folders in which those who wait leave marks, possibly several times. */
  readonly onWaiters?: ((folder: string) => void) | undefined;
}

/** The files that have a lock file in the folder, whether or not they exist themselves. */
export async function* lockedFiles({ vfs, path }: Folder, options: LockedFilesOptions): AsyncGenerator<VfsFile> {
  const { recursive = false, signal } = options;
  let unlisted: VfsError | undefined;
  const onError = options.onError ?? ((error: VfsError): void => void (unlisted ??= error));
  const folders: string[] = [];
  const onFolder = (found: string): void => {
    folders.push(found);
    if (isWaitersFolder(found)) options.onWaiters?.(found);
  };
  for await (const entry of vfs.list(path, { recursive, signal, onFolder, onError })) {
    if (isWaiterPath(entry.path)) options.onWaiters?.(folderOf(entry.path));
    yield* lockedBy(vfs, [...folders.splice(0), entry.path]);
  }
  yield* lockedBy(vfs, folders);
  if (unlisted) throw unlisted;
}

/** The files whose locks are at some paths; what is no lock is left out. Other libraries' locks may be folders. */
function* lockedBy(vfs: Vfs, locks: readonly string[]): Generator<VfsFile> {
  for (const lock of locks) {
    const locked = lockedPath(lock);
    if (locked !== undefined) yield new VfsFile(vfs, locked);
  }
}

/** Returns undefined if the lock file does not exist any more. */
export async function inspectFile(
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
  fencingToken: undefined,
  foreign: undefined,
  ageMs: undefined,
  idleMs: undefined,
  progressAgeMs: undefined,
  expiresInMs: undefined,
  timed: false,
  version: undefined,
  id: undefined,
} as const;
