import type {
  FolderTimes,
  HolderFolderOptions,
  ReadOptions,
  Snapshot,
  SyncVfs,
  Version,
  WriteOptions,
  Written,
} from '../../vfs/vfs.js';
import { appendFileSync } from './append.js';
import { hasKernelLock } from './kernel-locks.js';
import {
  createLock,
  holderFolderIn,
  makeHolderFolder,
  readFile,
  readFolderTimes,
  removeLock,
  replaceLock,
} from './lock-files.js';
import { runOnDataSync, runOnLockSync, type Call, type LockWork, type Place } from './runner.js';

// The calls of a `Vfs` on a lock file, each as work that is either awaited or done at once.

export function reading(
  path: string,
  { clock = false, maxBytes = Infinity }: ReadOptions = {},
): LockWork<Snapshot | undefined> {
  return function* (files, located) {
    const found = yield* readFile(files, located, { clock, maxBytes });
    // An empty lock file may be one of flock(1). Only a disk of this machine's own answers for sure.
    const mayBeLocked = found?.data.length === 0 && found.isOnOwnDisk;
    return found && { path, ...found, ...(mayBeLocked && hasKernelLock(located) && { isLocked: true }) };
  };
}

export function readingFolder({ clock = false }: ReadOptions = {}): LockWork<FolderTimes | undefined> {
  return (files, located) => readFolderTimes(files, located, clock);
}

export function creating(
  data: Uint8Array,
  options: WriteOptions | undefined,
  hardLinks: boolean,
): LockWork<Written | undefined> {
  return (files, located) => createLock(files, located, data, { via: options?.via, hardLinks });
}

export function replacing(
  version: Version,
  data: Uint8Array,
  options: WriteOptions | undefined,
): LockWork<Written | undefined> {
  return (files, located) => replaceLock(files, located, version, { data, via: options?.via });
}

export function removing(version: Version): LockWork<boolean> {
  return (files, located) => removeLock(files, located, version);
}

export function makingHolderFolder(options: HolderFolderOptions | undefined): LockWork<string | undefined> {
  return (files, located) => makeHolderFolder(files, located, options?.forCreate ?? false);
}

/** The calls that a lock needs, each done when it returns. */
export function syncCalls(
  placeOf: (path: string) => Place,
  callOf: (verb: string, path: string) => Call,
  hardLinks: boolean,
): SyncVfs {
  const now = <T>(verb: string, path: string, work: LockWork<T>): T => runOnLockSync(callOf(verb, path), work);
  return {
    read: (path, asked) => now('read', path, reading(path, asked)),
    create: (path, data, asked) => now('create', path, creating(data, asked, hardLinks)),
    replace: (path, version, data, asked) => now('replace', path, replacing(version, data, asked)),
    remove: (path, version) => now('remove', path, removing(version)),
    folderTimes: (path, asked) => now('read', path, readingFolder(asked)),
    holderFolder: (path, asked) => holderFolderIn(placeOf(path).folder) ?? now('lock', path, makingHolderFolder(asked)),
    append: (path, data) => runOnDataSync(callOf('append', path), (located) => appendFileSync(located, data)),
  };
}
