import type { FolderTimes, Snapshot, Version, Written } from '../../vfs/vfs.js';
import type { MemVolume } from './options.js';
import { contentOf, isFolder, makeFolders, put } from './volume.js';

/** Work on a volume that is done within one tick of the event loop. */
export type Work<T> = (volume: MemVolume) => T;

type Now = () => number;

const EMPTY = new Uint8Array();

export function reading(path: string, maxBytes: number | undefined, now: Now): Work<Snapshot | undefined> {
  return (volume) => {
    const file = contentOf(volume, path);
    if (file === undefined) return undefined;
    const data = file.data.subarray(0, maxBytes);
    return { path, data, version: file.version, modifiedMs: file.modifiedMs, nowMs: now() };
  };
}

export function creating(path: string, data: Uint8Array, now: Now): Work<Written | undefined> {
  return (volume) => (contentOf(volume, path) === undefined ? put(volume, path, data, now()) : undefined);
}

export function replacing(path: string, version: Version, data: Uint8Array, now: Now): Work<Written | undefined> {
  return (volume) => (contentOf(volume, path)?.version === version ? put(volume, path, data, now()) : undefined);
}

export function removing(path: string, version: Version): Work<boolean> {
  return (volume) => {
    if (contentOf(volume, path)?.version !== version) return false;
    volume.unlinkSync(`/${path}`);
    return true;
  };
}

export function appending(path: string, data: Uint8Array, now: Now): Work<void> {
  return (volume) => {
    makeFolders(volume, path);
    put(volume, path, Buffer.concat([contentOf(volume, path)?.data ?? EMPTY, data]), now());
  };
}

export function timingFolder(path: string, now: Now): Work<FolderTimes | undefined> {
  return (volume) => {
    if (!isFolder(volume, path)) return undefined;
    return { modifiedMs: Number(volume.statSync(`/${path}`).mtimeMs), nowMs: now() };
  };
}
