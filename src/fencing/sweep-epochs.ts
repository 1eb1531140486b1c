import { openFile } from '../open.js';
import { durationMs, type Duration } from '../util/duration.js';
import { BOOLEAN, checkedLater, checkOptions, DURATION, type OptionKinds } from '../util/option-check.js';
import type { VfsFile } from '../vfs/file.js';
import { folderOf } from '../vfs/path.js';
import type { CallOptions, Vfs } from '../vfs/vfs.js';
import { decodePointer, epochsOf, epochToken, MOST_POINTER_BYTES } from './epochs.js';

/** Options of `sweepEpochs`. */
export interface SweepEpochsOptions extends CallOptions {
  /**
   * Keep the files of superseded epochs that were written more recently than this, and the epoch that was current before, if the
   * pointer has changed more recently: milliseconds or a duration string. Choose more than the longest time for which a reader uses
   * one epoch.
   *
   * @default '1h'
   */
  readonly olderThan?: Duration | undefined;
  /**
   * Report what would be removed, and remove nothing.
   *
   * @default false
   */
  readonly dryRun?: boolean | undefined;
}

const SWEEP_OPTIONS: OptionKinds<SweepEpochsOptions> = {
  signal: checkedLater('an AbortSignal'),
  olderThan: DURATION,
  dryRun: BOOLEAN,
};

/**
 * Removes the files of the epochs beside `pointer` that a later one has superseded, once they are old enough by the store's clock.
 * Nothing is removed while nothing is published, and never anything of the current epoch or of a higher token, which may still be at
 * work. Then it removes the folders of such epochs that are empty and have not changed for that time. Returns the display paths of
 * the files that were removed.
 *
 * @throws {LockOptionError} `ERR_LOCK_OPTION`: an option is unusable.
 * @throws {VfsError} The store failed, or the file is no pointer.
 * @example
 * const removed = await sweepEpochs('site/current', { olderThan: '1d' });
 */
export async function sweepEpochs(
  pointer: string | URL | VfsFile,
  options: SweepEpochsOptions = {},
): Promise<readonly string[]> {
  checkOptions('sweepEpochs', options, SWEEP_OPTIONS);
  const { olderThan = '1h', dryRun = false, signal } = options;
  const safeMs = durationMs(olderThan, 'olderThan', { zero: true });
  const file = await openFile(pointer);
  const { vfs, path } = file;
  const found = await vfs.read(path, { signal, clock: true, maxBytes: MOST_POINTER_BYTES });
  if (found?.nowMs === undefined) return [];
  const { token, previous } = decodePointer(file, found);
  const isOld = (modifiedMs: number): boolean => Number(found.nowMs) - modifiedMs > safeMs;
  const folder = epochsOf(file);
  const isSuperseded = (path: string): boolean => {
    const [name = ''] = path.slice(folder === '' ? 0 : folder.length + 1).split('/', 1);
    const epoch = epochToken(name);
    return epoch !== undefined && epoch < token && (epoch !== previous || isOld(found.modifiedMs));
  };
  const [files, folders]: [string[], string[]] = [[], []];
  const onFolder = (path: string): unknown => isSuperseded(path) && folders.push(path);
  for await (const { path: each, modifiedMs } of vfs.list(folder, { signal, recursive: true, onFolder })) {
    const isBeside = folderOf(each) === folder;
    if (!isBeside && isSuperseded(each) && isOld(modifiedMs)) files.push(each);
  }
  if (dryRun) return files.map((each) => vfs.locate(each));
  // Each folder's age is from before the files in it are removed.
  const old = await oldOnes(vfs, folders, isOld, signal);
  for (const each of files) await vfs.delete(each, { signal });
  for (const each of old) await vfs.removeFolder?.(each, { signal });
  return files.map((each) => vfs.locate(each));
}

/** The folders that are old, each after those in it. */
async function oldOnes(
  vfs: Vfs,
  folders: readonly string[],
  isOld: (modifiedMs: number) => boolean,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const old: string[] = [];
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) {
    const times = await vfs.folderTimes?.(folder, { signal });
    if (times && isOld(times.modifiedMs)) old.push(folder);
  }
  return old;
}
