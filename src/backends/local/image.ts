import { constants, type Stats } from 'node:fs';

import { ask, type Steps } from '../../util/steps.js';
import type { Version } from '../../vfs/vfs.js';
import { recordVersion } from '../shared/content-version.js';
import { ABSENT, codeOf, notAFile } from '../shared/plain/posix-errors.js';
import type { Stamp } from '../shared/plain/holder-folder.js';
import type { Syscalls } from './syscalls.js';

/** A file's content as one open saw it. */
export interface FileImage {
  readonly data: Uint8Array;
  readonly version: Version;
  readonly modifiedMs: number;
}

/** The version of a file up to this size is a hash of its content; a larger one has inode, size and modification time. */
const HASHED_BYTES = 1_048_576;

/** Longer than most lock records, and short enough for a buffer from Node's pool. */
const SHORT_BYTES = 4095;

// A link in the place of a lock must not be followed, and a FIFO must not block. Windows has neither flag: undefined | 0 is 0.
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export function* readImage(calls: Syscalls, path: string, maxBytes: number): Steps<FileImage | undefined> {
  const fd = yield* openToRead(calls, path);
  if (fd === undefined) return undefined;
  try {
    const stats = yield* ask(calls.fstat(fd));
    if (!stats.isFile()) throw notAFile(stats.isDirectory() ? 'a directory' : 'not a regular file');
    const hashed = isHashed(stats.size);
    const data = yield* fill(calls, fd, hashed ? stats.size : Math.min(stats.size, maxBytes));
    const version = hashed ? recordVersion(data) : statVersion(stats);
    return { data: data.subarray(0, maxBytes), version, modifiedMs: stats.mtimeMs };
  } finally {
    yield* ask(calls.close(fd));
  }
}

/** The version alone, which for a file as short as a record needs only its bytes. */
export function* readVersion(calls: Syscalls, path: string): Steps<Pick<FileImage, 'version'> | undefined> {
  const fd = yield* openToRead(calls, path);
  if (fd === undefined) return undefined;
  const bytes = yield* readShort(calls, fd);
  return bytes ? { version: recordVersion(bytes) } : yield* readImage(calls, path, 0);
}

function* openToRead(calls: Syscalls, path: string): Steps<number | undefined> {
  try {
    return yield* ask(calls.open(path, READ_FLAGS));
  } catch (error) {
    if (ABSENT.includes(codeOf(error))) return undefined;
    if (codeOf(error) === 'ELOOP') throw notAFile('a symbolic link', error);
    throw error;
  }
}

/** Undefined: empty, long, or no file at all. */
function* readShort(calls: Syscalls, fd: number): Steps<Uint8Array | undefined> {
  const buffer = Buffer.allocUnsafe(SHORT_BYTES);
  try {
    const filled = yield* ask(calls.read(fd, buffer));
    return filled > 0 && filled < SHORT_BYTES ? buffer.subarray(0, filled) : undefined;
  } catch {
    return undefined;
  } finally {
    yield* ask(calls.close(fd));
  }
}

function* fill(calls: Syscalls, fd: number, size: number): Steps<Uint8Array> {
  const buffer = Buffer.allocUnsafe(size);
  let filled = 0;
  while (filled < size) {
    const bytes = yield* ask(calls.read(fd, buffer.subarray(filled)));
    if (bytes === 0) break;
    filled += bytes;
  }
  return buffer.subarray(0, filled);
}

export function isHashed(size: number): boolean {
  return size <= HASHED_BYTES;
}

/** Distinguishes a file from the next one of the same name. */
export function stampOf({ ino, size, mtimeMs }: Stats): Stamp {
  return [ino, size, mtimeMs];
}

export function statVersion(stats: Stats): Version {
  return stampOf(stats).join('-') as Version;
}
