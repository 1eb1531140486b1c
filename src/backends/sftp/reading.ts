import { createHash } from 'node:crypto';

import { recordVersion } from '../shared/content-version.js';
import { ask, type Steps } from '../../util/steps.js';
import { folderOf } from '../../vfs/path.js';
import type { Version } from '../../vfs/vfs.js';
import { notAFile } from '../shared/plain/posix-errors.js';
import { codeOf, NoAnswerError } from './errors.js';
import { isDirectory, isRegular, isSymlink, type Attributes, type Handle } from './connection/raw-sftp.js';
import type { SftpRequests } from './requests.js';
import type { SftpSession } from './connection/session.js';

/** A file's content as one open saw it. */
export interface FileImage {
  readonly data: Uint8Array;
  readonly version: Version;
  readonly modifiedMs: number;
}

/** A read whose requests were sent. */
export interface PendingRead {
  readonly found: Promise<Attributes>;
  readonly opened: Promise<Handle>;
}

/** Every server returns files up to this size in one answer. */
const ONE_ANSWER_BYTES = 32_768;

const LONG_READ_BYTES = 262_144;

/**
 * Sends the requests for a file without waiting. Opening follows links; the `lstat` beside it detects them. A name that was not
 * seen to be a file is checked before it is opened: opening a FIFO would block the server's whole session.
 */
export function* beginRead(requests: SftpRequests, path: string): Steps<PendingRead> {
  const { session } = requests;
  const known = session.knownFiles.has(path);
  const found = yield* requests.send(session.lstatAndNote(path));
  const opening = known ? session.openToRead(path) : found.then((attributes) => openFile(session, path, attributes));
  return { found, opened: yield* requests.send(opening) };
}

function openFile(session: SftpSession, path: string, attributes: Attributes): Promise<Handle> {
  if (!isRegular(attributes)) throw notRegular(attributes);
  return session.openToRead(path);
}

/** The outcome of a read; undefined when there was no file. The version is always that of the whole content. */
export function* finishRead(
  requests: SftpRequests,
  path: string,
  reading: PendingRead,
  maxBytes: number,
  atOnce = true,
): Steps<FileImage | undefined> {
  const [opened, found] = yield* ask(Promise.allSettled([reading.opened, reading.found]));
  const attributes = found.status === 'fulfilled' ? found.value : undefined;
  if (opened.status === 'rejected') {
    return yield* absence(requests, path, attributes, opened.reason);
  }
  const handle = opened.value;
  if (attributes && !isRegular(attributes)) {
    yield* requests.attempt(requests.session.close(handle));
    throw notRegular(attributes);
  }
  const short = atOnce && (attributes?.size ?? 0) <= ONE_ANSWER_BYTES;
  try {
    const image = short ? yield* readShort(requests, handle) : yield* readLong(requests, handle, maxBytes);
    if (image) return { ...image, data: image.data.subarray(0, maxBytes) };
  } catch (error) {
    // Some servers use the name again for a file that they hold open.
    if (codeOf(error) !== 'ENOENT') throw error;
    return undefined;
  }
  return yield* finishRead(requests, path, yield* beginRead(requests, path), maxBytes, false);
}

/** Why a file could not be opened. A path through a file is absent too, and servers report that differently. */
function* absence(
  requests: SftpRequests,
  path: string,
  attributes: Attributes | undefined,
  reason: unknown,
): Steps<undefined> {
  if (reason instanceof NoAnswerError) throw reason;
  if (codeOf(reason) === 'ENOENT') return undefined;
  if (attributes && !isRegular(attributes)) throw notRegular(attributes);
  if (attributes || !(yield* leadsThroughAFile(requests, path))) throw reason;
}

function* leadsThroughAFile({ session }: SftpRequests, path: string): Steps<boolean> {
  for (let folder = folderOf(path); folder !== ''; folder = folderOf(folder)) {
    const [found] = yield* ask(Promise.allSettled([session.stat(folder)]));
    if (found.status === 'fulfilled') return isRegular(found.value);
  }
  return false;
}

/** Undefined: one answer did not hold the whole file. */
function* readShort(requests: SftpRequests, handle: Handle): Steps<FileImage | undefined> {
  const { session } = requests;
  const stats = yield* requests.send(session.fstat(handle));
  const read = yield* requests.send(session.readOnce(handle, 0, ONE_ANSWER_BYTES));
  const closed = yield* requests.send(session.close(handle));
  yield* ask(Promise.allSettled([stats, read, closed]));
  const { size, mtime } = yield* ask(stats);
  const data = yield* ask(read);
  if (data.length !== size) return undefined;
  return { data, version: recordVersion(data), modifiedMs: mtime * 1000 };
}

function* readLong(requests: SftpRequests, handle: Handle, maxBytes: number): Steps<FileImage> {
  const { session } = requests;
  try {
    const { mtime } = yield* ask(session.fstat(handle));
    const hash = createHash('sha256');
    const kept: Uint8Array[] = [];
    let total = 0;
    for (;;) {
      const piece = yield* ask(session.read(handle, total, LONG_READ_BYTES));
      hash.update(piece);
      if (total < maxBytes) kept.push(piece);
      total += piece.length;
      if (piece.length < LONG_READ_BYTES) break;
    }
    const version = hash.digest('base64url') as Version;
    return { data: Buffer.concat(kept), version, modifiedMs: mtime * 1000 };
  } finally {
    yield* requests.attempt(session.close(handle));
  }
}

/** What a name stands for, if it is no regular file, as an error. */
export function notRegular(attributes: Attributes): Error {
  if (isDirectory(attributes)) return notAFile('a directory');
  return notAFile(isSymlink(attributes) ? 'a symbolic link' : 'not a regular file');
}
