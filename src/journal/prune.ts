import { openFolder, type Location } from '../open.js';
import { durationMs, type Duration } from '../util/duration.js';
import { BOOLEAN, checkOptions, DURATION, SIGNAL, type OptionKinds } from '../util/option-check.js';
import { LockOptionError } from '../util/option-error.js';
import { wallMs } from '../util/time.js';
import { VfsError } from '../vfs/errors.js';
import { nameOf } from '../vfs/path.js';
import { journalFolder, partsOfName } from './place.js';

/** Options of `pruneHistory`. */
export interface PruneOptions {
  /**
   * Remove what was written before that, in milliseconds or as a duration string: at least a day, as the clocks of writers may differ.
   */
  readonly olderThan: Duration;
  /**
   * Report what would be removed, and remove nothing.
   * @default false
   */
  readonly dryRun?: boolean | undefined;
  /**
   * Ends the call with the signal's reason.
   * @default none
   */
  readonly signal?: AbortSignal | undefined;
}

/** A file of a journal that was removed, or would have been. */
export interface PrunedFile {
  /** Its display path: an absolute path on the local disk, elsewhere a URI. */
  readonly path: string;
  /** The day that it is about, in UTC. */
  readonly day: string;
  /** In bytes. */
  readonly size: number;
}

const PRUNE_OPTIONS: OptionKinds<PruneOptions> = { olderThan: DURATION, dryRun: BOOLEAN, signal: SIGNAL };

const DAY_MS = 86_400_000;

/**
 * Removes the files of old days from the journal of a location, and yields each. Others may write meanwhile, and lose nothing: lines are
 * appended to the file of today only. A file stays until its whole day is older than `olderThan`, and while anybody still changes it.
 *
 * @throws {LockOptionError} if the location or an option cannot be used.
 * @throws {VfsError} while it is iterated, if the store fails.
 * @throws the reason of `signal`, while it is iterated, if that aborts.
 * @example
 * for await (const { path, size } of pruneHistory('inbox', { olderThan: '30d' })) console.log(path, size);
 */
export function pruneHistory(location: Location, options: PruneOptions): AsyncIterable<PrunedFile> {
  checkOptions('pruneHistory', options, PRUNE_OPTIONS);
  const olderThanMs = durationMs(options.olderThan, 'olderThan', {});
  if (olderThanMs < DAY_MS) throw new LockOptionError(`olderThan must be at least a day, not ${options.olderThan}`);
  return { [Symbol.asyncIterator]: () => pruned(location, wallMs() - olderThanMs, options) };
}

async function* pruned(
  location: Location,
  beforeMs: number,
  { dryRun = false, signal }: PruneOptions,
): AsyncGenerator<PrunedFile> {
  signal?.throwIfAborted();
  const { vfs, path: folder } = journalFolder(await openFolder(location));
  try {
    // Whoever may write in the location could put a link to somebody else's journal there.
    if (vfs.folderTimes && !(await vfs.folderTimes(folder, { signal }))) return;
    for await (const { path, size, modifiedMs } of vfs.list(folder, { signal })) {
      const day = partsOfName(nameOf(path))?.day;
      if (day === undefined || Date.parse(day) + DAY_MS > beforeMs || modifiedMs > beforeMs) continue;
      if (dryRun || (await vfs.delete(path, { signal }))) yield { path: vfs.locate(path), day, size };
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof VfsError) || error.code !== 'ERR_VFS_NOT_FOUND') throw error;
  }
}
