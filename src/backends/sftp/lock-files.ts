import { freshId } from '../../util/fresh-id.js';
import { ask, type Steps } from '../../util/steps.js';
import { stagedPath } from '../../vfs/names.js';
import type { Snapshot, Version, Written } from '../../vfs/vfs.js';
import { TornError } from '../shared/plain/holder-folder.js';
import { createFile as createPlainFile, discard, removeFile } from '../shared/plain/lock-files.js';
import { checkGuardName } from '../shared/plain/long-names.js';
import { createLock as createOwn, removeLock as removeOwn, type NewRecord } from '../shared/plain/own-locks.js';
import { codeOf, NoAnswerError } from './errors.js';
import type { SftpFiles } from './files.js';
import type { LockChange } from './runner.js';

/** Reads a file and, on request, the server's clock: the modification time of a scratch file that is made for it. */
export function* readFile(
  files: SftpFiles,
  path: string,
  options: { readonly clock: boolean; readonly maxBytes: number },
): Steps<Omit<Snapshot, 'path'> | undefined> {
  const { image, nowMs } = options.clock
    ? yield* files.readAndClock(path, stagedPath(path, freshId()), options.maxBytes)
    : { image: yield* files.read(path, options.maxBytes), nowMs: undefined };
  return image && { ...image, nowMs };
}

/** Creates a lock file, through the holder's folder where the record names that. */
export function* createLock(
  { files, own, party, abilities: { hardLinks } }: LockChange,
  path: string,
  record: NewRecord,
): Steps<Written | undefined> {
  const plain = { hardLinks, create: () => createFile(files, path, record.data, hardLinks) };
  yield* checkGuardName(files, path);
  try {
    return yield* createOwn({ own, files }, path, record, plain, party);
  } catch (error) {
    if (!(error instanceof TornError)) throw error;
    yield* removeTorn(files, path, record.data);
    throw error.cause;
  }
}

/** Removes a lock file: directly if it is this connection's own, else through the guard. */
export function* removeLock(change: LockChange, path: string, expected: Version): Steps<boolean> {
  const removed = yield* removeOwn(change, path, expected, change.party);
  yield* ask(change.party.cleared());
  return removed;
}

/** Removes what came of `data`, which nobody can take for a lock of somebody else. It fails only where nothing can be removed. */
function* removeTorn(files: SftpFiles, path: string, data: Uint8Array): Steps<void> {
  try {
    const found = yield* files.read(path);
    const isOurs = found !== undefined && Buffer.from(data.subarray(0, found.data.byteLength)).equals(found.data);
    if (isOurs) yield* removeFile(files, path, found.version);
  } catch {
    // It becomes stale like any other file without a record.
  }
}

/** Creates a file. `hardLinks` false: without trying a hard link. */
function createFile(files: SftpFiles, path: string, data: Uint8Array, hardLinks: boolean): Steps<Written | undefined> {
  return createPlainFile(files, path, data, hardLinks ? (staged) => linkStaged(files, staged, path, data) : undefined);
}

function* linkStaged(files: SftpFiles, staged: string, path: string, data: Uint8Array): Steps<'created' | 'taken'> {
  try {
    const existing = yield* files.peek(path);
    yield* files.write(staged, data);
    if (yield* exists(existing)) {
      yield* discard(files, staged);
      return 'taken';
    }
    yield* files.linkStaged(staged, path);
    return 'created';
  } catch (error) {
    yield* discard(files, staged);
    if (codeOf(error) === 'EEXIST') return 'taken';
    if (codeOf(error) !== 'EIO') throw error;
    if (yield* exists(yield* files.peek(path))) return 'taken';
    if (yield* canLink(files, path, data)) return 'taken';
    throw error;
  }
}

/** Whether the server can link to a free name there: then the name that was refused had been taken until then. */
function* canLink(files: SftpFiles, path: string, data: Uint8Array): Steps<boolean> {
  const [staged, linked] = [stagedPath(path, freshId()), stagedPath(path, freshId())];
  try {
    yield* files.write(staged, data);
    yield* files.linkStaged(staged, linked);
    return true;
  } catch (error) {
    if (error instanceof NoAnswerError) throw error;
    return false;
  } finally {
    yield* discard(files, staged);
    yield* discard(files, linked);
  }
}

function* exists(reading: Promise<unknown>): Steps<boolean> {
  const [outcome] = yield* ask(Promise.allSettled([reading]));
  if (outcome.status === 'fulfilled') return true;
  if (outcome.reason instanceof NoAnswerError) throw outcome.reason;
  return false;
}
