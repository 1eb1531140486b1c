import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, writeSync, type Stats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { basename, dirname } from 'node:path';

import { isOurName } from '../../vfs/names.js';
import { codeOf, notAFile } from '../shared/plain/posix-errors.js';
import { knownSyscallsFor } from './disk.js';
import { inlineCalls } from './syscalls.js';

/** A link that somebody planted is not followed, and a pipe without a reader does not block. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The system puts each write behind all others. A disk that answers at once does it in this tick, so that an exit cannot come between. */
export async function appendFile(path: string, data: Uint8Array): Promise<void> {
  const folder = dirname(path);
  if (knownSyscallsFor(folder) === inlineCalls) {
    appendFileSync(path, data);
    return;
  }
  await fs.mkdir(folder, { recursive: true });
  if (isOurName(basename(folder))) checkFolder(await fs.lstat(folder));
  const file = await fs.open(path, FLAGS, 0o666).catch(refuseLink);
  try {
    checkFile(await file.stat());
    const { bytesWritten } = await file.write(data);
    checkWritten(bytesWritten, data);
  } finally {
    await file.close();
  }
}

/** The same, done when it returns. */
export function appendFileSync(path: string, data: Uint8Array): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  if (isOurName(basename(folder))) checkFolder(lstatSync(folder));
  const file = openNow(path);
  try {
    checkFile(fstatSync(file));
    checkWritten(writeSync(file, data), data);
  } finally {
    closeSync(file);
  }
}

function openNow(path: string): number {
  try {
    return openSync(path, FLAGS, 0o666);
  } catch (error) {
    return refuseLink(error);
  }
}

function refuseLink(error: unknown): never {
  if (codeOf(error) === 'ELOOP') throw notAFile('a symbolic link', error);
  throw error;
}

/** A folder of ours in somebody else's folder may be a link that leads elsewhere. */
function checkFolder(stats: Stats): void {
  if (!stats.isDirectory()) throw notAFile('a symbolic link');
}

function checkFile(stats: Stats): void {
  if (!stats.isFile()) throw notAFile(stats.isDirectory() ? 'a directory' : 'not a regular file');
}

/** A disk that becomes full first shows by a short write. The rest is not written later: it would stand apart from its beginning. */
function checkWritten(bytes: number, data: Uint8Array): void {
  if (bytes === data.length) return;
  throw Object.assign(new Error(`only ${bytes} of ${data.length} bytes were written`), { code: 'ENOSPC' });
}
