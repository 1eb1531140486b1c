import { dirname } from 'node:path';

import { freshId } from '../../util/fresh-id.js';
import type { Steps } from '../../util/steps.js';
import { stagedPath } from '../../vfs/names.js';
import type { FolderTimes, Snapshot, Version, Written } from '../../vfs/vfs.js';
import { createFile as createPlainFile, discard } from '../shared/plain/lock-files.js';
import { checkGuardName } from '../shared/plain/long-names.js';
import {
  createLock as createOwn,
  removeLock as removeOwn,
  replaceLock as replaceOwn,
  type LockParty,
  type NewRecord,
} from '../shared/plain/own-locks.js';
import { codeOf, LINKLESS } from '../shared/plain/posix-errors.js';
import { allowsHolderFolder, isOnOwnDisk } from './disk.js';
import type { LocalFiles } from './files.js';
import { partyIn } from './party.js';

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

/** The id of the private folder that this process has in a folder; undefined where it has none. */
export function holderFolderIn(folder: string): string | undefined {
  return partyIn(folder).holder.id;
}

/** Makes such a folder. Undefined: not on this file system, or not for a record that cannot be created anyway. */
export function* makeHolderFolder(files: LocalFiles, path: string, forCreate: boolean): Steps<string | undefined> {
  const folder = dirname(path);
  if (!allowsHolderFolder(folder)) return undefined;
  if (forCreate && (yield* files.stampOf(path)) !== undefined) return undefined;
  return yield* partyIn(folder).holder.via(files, path);
}

/** Creates a lock file, through the private folder of this process where the record names that. */
export function* createLock(
  files: LocalFiles,
  path: string,
  data: Uint8Array,
  { via, hardLinks }: { readonly via: string | undefined; readonly hardLinks: boolean },
  party: LockParty = partyIn(dirname(path)),
): Steps<Written | undefined> {
  yield* checkGuardName(files, path);
  const plain = { hardLinks, create: () => createFile(files, path, data, hardLinks) };
  return yield* createOwn({ own: files, files }, path, { data, via }, plain, party);
}

/** Replaces a lock file: directly if it is this process's own, else through the guard. */
export function replaceLock(
  files: LocalFiles,
  path: string,
  expected: Version,
  record: NewRecord,
  party: LockParty = partyIn(dirname(path)),
): Steps<Written | undefined> {
  return replaceOwn({ own: files, files }, path, expected, record, party);
}

/** Removes a lock file: directly if it is this process's own, else through the guard. */
export function removeLock(
  files: LocalFiles,
  path: string,
  expected: Version,
  party: LockParty = partyIn(dirname(path)),
): Steps<boolean> {
  return removeOwn({ own: files, files }, path, expected, party);
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
