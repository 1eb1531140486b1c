import { FencedError, LockLostError } from '../lock/model/errors.js';
import type { LockRecord } from '../lock/model/record.js';
import { tokenOf } from '../lock/model/token.js';
import { openFile } from '../open.js';
import { freshId } from '../util/fresh-id.js';
import { LockOptionError } from '../util/option-error.js';
import { effectOf, VfsError } from '../vfs/errors.js';
import type { VfsFile } from '../vfs/file.js';
import type { CallOptions, Snapshot } from '../vfs/vfs.js';
import { decodePointer, encodePointer, Epoch, MOST_POINTER_BYTES } from './epochs.js';

/** The lock of a publication: what `lock` returns, or a `Lockfile`, with the option `fencing`. */
export interface PublishingLock {
  /** The file that is locked. */
  readonly file: VfsFile;
  /** The display path of the lock file. */
  readonly path: string;
  /** The token of the acquisition that publishes. */
  readonly fencingToken: bigint;
  /**
   * Reads the lock file once.
   *
   * @throws {LockLostError} `ERR_LOCK_LOST`: the lock was lost.
   * @throws {LockNotHeldError} `ERR_LOCK_NOT_HELD`: the lock was released.
   * @throws {VfsError} The lock file cannot be read.
   */
  confirm(options?: CallOptions): Promise<void>;
  /** Reads the record in the lock file. */
  metadata(options?: CallOptions): Promise<LockRecord | undefined>;
}

/** More changes by others than a publication is tried against. */
const MOST_TRIES = 8;

/**
 * Makes what this acquisition wrote under `lock.epochPath` the current version for all readers of `pointer`, in one step. `pointer`
 * is a small file in the folder of the epochs, understood as by `file.resolve` of the locked file. Each try reads the pointer, then
 * the lock, and writes on the condition that the pointer has not changed. So a lower token never replaces a higher one, and readers
 * never get files that were not published. Publishing the same token again changes nothing.
 *
 * @throws {FencedError} `ERR_FENCED`: the lock was lost, or a higher token is published. Nothing was changed.
 * @throws {LockNotHeldError} `ERR_LOCK_NOT_HELD`: the lock was never acquired, or was released.
 * @throws {LockOptionError} `ERR_LOCK_OPTION`: the lock has no `fencing`, or `pointer` is the lock file.
 * @throws {VfsError} The store failed, `pointer` is in another store, or there is a file in its place that is no pointer.
 * @example
 * const held = await lock('site/source.md', { fencing: true });
 * await held.epochPath('index.html').write('<p>new</p>');
 * await publish('current', held);
 * await held.release();
 */
export async function publish(
  pointer: string | VfsFile,
  lock: PublishingLock,
  options: CallOptions = {},
): Promise<void> {
  const token = lock.fencingToken;
  const file = lock.file.resolve(pointer);
  if (file.toString() === lock.path) throw new LockOptionError(`cannot publish to ${lock.path}: that is the lock file`);
  const nonce = freshId();
  let failure: Error | undefined;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const found = await readPointer(file, options);
    const current = found && decodePointer(file, found);
    if (current?.nonce === nonce) return;
    if (current && current.token > token) throw new FencedError(file.toString(), token, current.token);
    await confirm(file, lock, options);
    if (current?.token === token) return;
    try {
      const data = encodePointer({ token, previous: current?.token, nonce });
      const written = found
        ? await file.vfs.replace(file.path, found.version, data, options)
        : await file.vfs.create(file.path, data, options);
      if (written) return;
    } catch (error) {
      if (effectOf(error) === 'none' || options.signal?.aborted) throw error;
      failure = error as Error;
    }
  }
  const message = `cannot publish ${file.toString()}: others changed it ${String(MOST_TRIES)} times meanwhile`;
  throw failure ?? new VfsError('ERR_VFS_CHANGED', message);
}

/** A lock that was lost is reported with the token of whoever has it, as a commit does. */
async function confirm(file: VfsFile, lock: PublishingLock, options: CallOptions): Promise<void> {
  try {
    await lock.confirm(options);
  } catch (error) {
    if (!(error instanceof LockLostError)) throw error;
    const by = tokenOf(await lock.metadata(options));
    throw new FencedError(file.toString(), lock.fencingToken, by === lock.fencingToken ? undefined : by);
  }
}

/**
 * Resolves a pointer: which epoch is current. Undefined: nothing was published yet. Read all that belongs together from one epoch; it
 * stays complete while others publish, until `sweepEpochs` removes it.
 *
 * @throws {VfsError} The store failed, or the file is no pointer.
 * @example
 * const epoch = await published('site/current');
 * console.log(await epoch?.file('index.html').readText());
 */
export async function published(
  pointer: string | URL | VfsFile,
  options: CallOptions = {},
): Promise<Epoch | undefined> {
  const file = await openFile(pointer);
  const found = await readPointer(file, options);
  return found && new Epoch(file, decodePointer(file, found).token);
}

function readPointer({ vfs, path }: VfsFile, options: CallOptions): Promise<Snapshot | undefined> {
  return vfs.read(path, { ...options, maxBytes: MOST_POINTER_BYTES });
}
