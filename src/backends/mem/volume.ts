import { createRequire } from 'node:module';

import { VfsError } from '../../vfs/errors.js';
import { folderOf } from '../../vfs/path.js';
import type { Snapshot, Stat, Written } from '../../vfs/vfs.js';
import { contentVersion } from '../shared/content-version.js';
import { isSeen } from '../shared/moves.js';
import { ABSENT, codeOf, notAFile } from '../shared/plain/posix-errors.js';
import type { MemVolume } from './options.js';

type VolumeClass = new () => MemVolume;

let Volume: VolumeClass | undefined;

/** Loads the package `memfs`, for `newVolume`. */
export async function loadMemfs(): Promise<void> {
  try {
    Volume ??= (await import('memfs')).Volume;
  } catch (cause) {
    throw withoutMemfs(cause);
  }
}

/** An empty volume of the package `memfs`, which is loaded by `require` where nobody has loaded it yet. */
export function newVolume(): MemVolume {
  return new (Volume ??= requireVolume())();
}

function requireVolume(): VolumeClass {
  try {
    return (createRequire(import.meta.url)('memfs') as { readonly Volume: VolumeClass }).Volume;
  } catch (cause) {
    throw withoutMemfs(cause);
  }
}

function withoutMemfs(cause: unknown): VfsError {
  const message = 'mem: needs the package memfs; install it with `npm install memfs`, or pass a volume';
  return new VfsError('ERR_VFS_UNSUPPORTED', message, { cause });
}

export function contentOf(volume: MemVolume, path: string): Omit<Snapshot, 'path' | 'nowMs'> | undefined {
  try {
    assertFile(volume, path);
    const data = bytesOf(volume.readFileSync(`/${path}`));
    return { data, version: contentVersion(data), modifiedMs: Number(volume.statSync(`/${path}`).mtimeMs) };
  } catch (error) {
    if (ABSENT.includes(codeOf(error))) return undefined;
    throw error;
  }
}

export function assertFile(volume: MemVolume, path: string): void {
  if (volume.statSync(`/${path}`).isFile()) return;
  throw notAFile('a directory');
}

export function statOf(volume: MemVolume, path: string): Stat | undefined {
  if (!volume.existsSync(`/${path}`)) return undefined;
  const stats = volume.statSync(`/${path}`);
  return stats.isFile() ? { size: Number(stats.size), modifiedMs: Number(stats.mtimeMs) } : undefined;
}

/** The version is a hash, which `stat` does not compute: it counts where the file was read. */
export function isStill(volume: MemVolume, path: string, seen: Stat | undefined): boolean {
  if (seen === undefined) return true;
  const found = statOf(volume, path);
  return found !== undefined && isSeen(seen, seen.version ? { ...found, ...contentOf(volume, path) } : found);
}

/** Writes a file, stamped with a time in milliseconds since 1970. */
export function put(volume: MemVolume, path: string, data: Uint8Array, nowMs: number): Written {
  volume.writeFileSync(`/${path}`, data);
  volume.utimesSync(`/${path}`, nowMs / 1000, nowMs / 1000);
  return { version: contentVersion(data) };
}

export function isFolder(volume: MemVolume, path: string): boolean {
  return volume.existsSync(`/${path}`) && volume.statSync(`/${path}`).isDirectory();
}

export function makeFolders(volume: MemVolume, path: string): void {
  volume.mkdirSync(`/${folderOf(path)}`, { recursive: true });
}

export function bytesOf(content: Uint8Array | string): Uint8Array {
  return typeof content === 'string' ? Buffer.from(content) : content;
}
