import { dirname } from 'node:path';

import { freshId } from '../../util/fresh-id.js';
import type { Steps } from '../../util/steps.js';
import { stagedPath } from '../../vfs/names.js';
import type { FolderTimes, Snapshot, Version, Written } from '../../vfs/vfs.js';
import { recordVersion, viaIn } from '../shared/content-version.js';
import { createFile as createPlainFile, discard, removeFile, replaceFile } from '../shared/plain/lock-files.js';
import { checkGuardName } from '../shared/plain/long-names.js';
import { codeOf, LINKLESS } from '../shared/plain/posix-errors.js';
import { allowsHolderFolder, isOnOwnDisk } from './disk.js';
import type { LocalFiles } from './files.js';
import { partyIn, type Party } from './party.js';

/** Two timestamps in whole seconds come from a file system with a coarse clock; that of FAT has the lowest resolution. */
const COARSE_RESOLUTION_MS = 2000;

/**
 * Reads a file and, on request, the disk's clock: the modification time of a scratch file that is made for it. Where each client
 * stamps its own files there is no such clock.
 */
export function* readFile(
  files: LocalFiles,
  path: string,
  options: { readonly clock: boolean; readonly maxBytes: number },
): Steps<Omit<Snapshot, 'path'> | undefined> {
  const image = yield* files.readWhole(path, options.maxBytes);
  if (image === undefined) return undefined;
  const nowMs = options.clock ? yield* readClockFor(files, path, image.modifiedMs) : undefined;
  return { ...image, nowMs, ...(isOnOwnDisk(dirname(path)) && { isOnOwnDisk: true }) };
}

/** The times of a folder that stands in a lock file's place. Undefined: there is no folder. */
export function* readFolderTimes(files: LocalFiles, path: string, clock: boolean): Steps<FolderTimes | undefined> {
  const found = yield* files.lstat(path);
  if (!found?.isFolder) return undefined;
  const { modifiedMs } = found;
  return { modifiedMs, nowMs: clock ? yield* readClockFor(files, path, modifiedMs) : undefined };
}

function* readClockFor(files: LocalFiles, path: string, modifiedMs: number): Steps<number | undefined> {
  const { sampledMs } = files;
  // A file that was written since is newer than the sample may say.
  if (sampledMs !== undefined && sampledMs >= modifiedMs) return sampledMs;
  const nowMs = yield* readDiskClock(files, path);
  const coarse = nowMs !== undefined && nowMs % 1000 === 0 && modifiedMs % 1000 === 0;
  return coarse ? nowMs - COARSE_RESOLUTION_MS : nowMs;
}

/** The id of the private folder that this process has beside a lock file; undefined where it has none. */
export function holderFolderOf(path: string): string | undefined {
  return partyIn(dirname(path)).holder.id;
}

/** Makes such a folder. Undefined: not on this file system, or not for a record that cannot be created anyway. */
export function* makeHolderFolder(files: LocalFiles, path: string, forCreate: boolean): Steps<string | undefined> {
  const folder = dirname(path);
  if (!allowsHolderFolder(folder)) return undefined;
  if (forCreate && (yield* files.stampOf(path)) !== undefined) return undefined;
  return yield* partyIn(folder).holder.via(files, path);
}

/** Who changes a lock file: by default this process. */
export type LockParty = Pick<Party, 'holder' | 'taken'>;

/** Creates a lock file, through the private folder of this process where the record names that. */
export function* createLock(
  files: LocalFiles,
  path: string,
  data: Uint8Array,
  { via, hardLinks }: { readonly via: string | undefined; readonly hardLinks: boolean },
  party: LockParty = partyIn(dirname(path)),
): Steps<Written | undefined> {
  const { holder } = party;
  yield* checkGuardName(files, path);
  try {
    if (hardLinks && via !== undefined) {
      const version = recordVersion(data, via);
      const outcome = yield* holder.create(files, path, data, { via, version });
      if (outcome === 'made') party.taken();
      if (outcome !== undefined) return outcome === 'made' ? { version } : undefined;
    }
    yield* holder.giveWay(files, path, undefined);
    const written = yield* createFile(files, path, data, hardLinks);
    if (written) holder.note(path, written.version, hardLinks ? undefined : via, files.writtenStamp);
    return written;
  } finally {
    holder.settle();
  }
}

/** Replaces a lock file: directly if it is this process's own, else through the guard. */
export function* replaceLock(
  files: LocalFiles,
  path: string,
  expected: Version,
  { data, via }: { readonly data: Uint8Array; readonly via: string | undefined },
  { holder }: LockParty = partyIn(dirname(path)),
): Steps<Written | undefined> {
  const version = recordVersion(data, via);
  try {
    if ((yield* holder.replace(files, path, expected, { data, via, version })) === 'done') return { version };
    yield* holder.giveWay(files, path, viaIn(expected));
    const written = yield* replaceFile(files, path, expected, data);
    if (written) holder.note(path, written.version, via, files.writtenStamp);
    return written;
  } finally {
    holder.settle();
  }
}

/** Removes a lock file: directly if it is this process's own, else through the guard. */
export function* removeLock(
  files: LocalFiles,
  path: string,
  expected: Version,
  { holder }: LockParty = partyIn(dirname(path)),
): Steps<boolean> {
  try {
    if ((yield* holder.remove(files, path, expected)) === 'done') return true;
    yield* holder.giveWay(files, path, viaIn(expected));
    return yield* removeFile(files, path, expected);
  } finally {
    holder.settle();
  }
}

/** Creates a file. `hardLinks` false: without trying a hard link. */
export function createFile(
  files: LocalFiles,
  path: string,
  data: Uint8Array,
  hardLinks: boolean,
): Steps<Written | undefined> {
  return createPlainFile(files, path, data, hardLinks ? (staged) => linkStaged(files, staged, path, data) : undefined);
}

function* linkStaged(
  files: LocalFiles,
  staged: string,
  path: string,
  data: Uint8Array,
): Steps<'created' | 'taken' | 'linkless'> {
  // Where others hold the lock, one look is cheaper than a file that is staged in vain.
  if ((yield* files.stampOf(path)) !== undefined) return 'taken';
  try {
    yield* files.write(staged, data);
    yield* files.link(staged, path);
    return 'created';
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return 'taken';
    if (LINKLESS.includes(codeOf(error))) return 'linkless';
    throw error;
  } finally {
    yield* discard(files, staged);
  }
}

function* readDiskClock(files: LocalFiles, path: string): Steps<number | undefined> {
  try {
    if (!(yield* files.hasOneClock())) return undefined;
    return yield* stampScratch(files, stagedPath(path, freshId()));
  } catch {
    // A reader without permission to write, or a full disk: the time stays unknown.
    return undefined;
  }
}

function* stampScratch(files: LocalFiles, scratch: string): Steps<number> {
  try {
    return yield* files.stamp(scratch);
  } finally {
    yield* discard(files, scratch);
  }
}
