import { constants, mkdirSync, type Stats } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';

import { ask, run, runSync, type Steps } from '../../util/steps.js';
import { isOurName } from '../../vfs/names.js';
import { codeOf, notAFile } from '../shared/plain/posix-errors.js';
import { knownSyscallsFor } from './disk.js';
import { openFolder, reached } from './private-folder.js';
import { blockingCalls, inlineCalls, pooledCalls, type Syscalls } from './syscalls.js';

/** A link that somebody planted is not followed, and a pipe without a reader does not block. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The system puts each write behind all others. A disk that answers at once does it in this tick, so that an exit cannot come between. */
export async function appendFile(path: string, data: Uint8Array): Promise<void> {
  if (knownSyscallsFor(dirname(path)) === inlineCalls) {
    appendFileSync(path, data);
    return;
  }
  await mkdir(dirname(path), { recursive: true });
  await run(append(pooledCalls, path, data));
}

/** The same, done when it returns. */
export function appendFileSync(path: string, data: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  runSync(append(blockingCalls, path, data));
}

/** A folder of ours in somebody else's folder may be a link that leads elsewhere, or become one at any moment: it is held open. */
function* append(calls: Syscalls, path: string, data: Uint8Array): Steps<void> {
  const folder = dirname(path);
  if (!isOurName(basename(folder))) {
    yield* appendTo(calls, path, data, checkFile);
    return;
  }
  const fd = yield* openOurFolder(calls, folder);
  try {
    yield* appendTo(calls, `${reached(folder, fd)}/${basename(path)}`, data, checkOwnFile);
  } finally {
    yield* ask(calls.close(fd));
  }
}

function* openOurFolder(calls: Syscalls, folder: string): Steps<number> {
  try {
    return yield* openFolder(calls, folder);
  } catch (error) {
    if (codeOf(error) === 'ENOTDIR') throw notAFile('behind a symbolic link', error);
    throw error;
  }
}

function* appendTo(calls: Syscalls, path: string, data: Uint8Array, check: (stats: Stats) => void): Steps<void> {
  const fd = yield* openToAppend(calls, path);
  try {
    check(yield* ask(calls.fstat(fd)));
    checkWritten(yield* ask(calls.write(fd, data)), data);
  } finally {
    yield* ask(calls.close(fd));
  }
}

function* openToAppend(calls: Syscalls, path: string): Steps<number> {
  try {
    return yield* ask(calls.open(path, FLAGS, 0o666));
  } catch (error) {
    if (codeOf(error) === 'ELOOP') throw notAFile('a symbolic link', error);
    throw error;
  }
}

function checkFile(stats: Stats): void {
  if (!stats.isFile()) throw notAFile(stats.isDirectory() ? 'a directory' : 'not a regular file');
}

/** Whoever may write in the folder could have put a hard link to somebody's file there. */
function checkOwnFile(stats: Stats): void {
  checkFile(stats);
  if (stats.nlink > 1) throw notAFile('a file with several names');
}

/** A disk that becomes full first shows by a short write. The rest is not written later: it would stand apart from its beginning. */
function checkWritten(bytes: number, data: Uint8Array): void {
  if (bytes === data.length) return;
  throw Object.assign(new Error(`only ${bytes} of ${data.length} bytes were written`), { code: 'ENOSPC' });
}
