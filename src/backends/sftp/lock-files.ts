import { contentVersion } from '../shared/content-version.js';
import { VfsError } from '../../vfs/errors.js';
import { guardedSwap } from '../shared/plain/guarded-swap.js';
import { freshId } from '../../util/fresh-id.js';
import { stagedPath } from '../../vfs/names.js';
import { ask, type Steps } from '../../util/steps.js';
import type { Snapshot, Version, Written } from '../../vfs/vfs.js';
import { codeOf, NoAnswerError, RefusedError } from './errors.js';
import type { SftpFiles } from './files.js';

/** How long to wait for whoever is inside a guard before putting it out: a swap takes a few round trips. */
const PATIENCE_MS = 1500;

/** What is moved without hard links is read whole. */
const COPIED_BYTES = 64 * 1024 * 1024;

export function* readFile(
  files: SftpFiles,
  path: string,
  options: { readonly clock: boolean; readonly maxBytes: number },
): Steps<Snapshot | undefined> {
  const { image, nowMs } = options.clock
    ? yield* files.readAndClock(path, stagedPath(path, freshId()), options.maxBytes)
    : { image: yield* files.read(path, options.maxBytes), nowMs: undefined };
  return image && { path, ...image, nowMs };
}

/** Puts a staged file under `path` by a hard link, which fails where a file is; without hard links, by the swap. */
export function* createFile(
  files: SftpFiles,
  path: string,
  data: Uint8Array,
  hardLinks: boolean,
): Steps<Written | undefined> {
  if (!hardLinks) return yield* replaceFile(files, path, undefined, data);
  return (yield* linkStaged(files, path, data)) ? { version: contentVersion(data) } : undefined;
}

/** False: the name was taken. */
function* linkStaged(files: SftpFiles, path: string, data: Uint8Array): Steps<boolean> {
  const staged = stagedPath(path, freshId());
  try {
    const there = yield* files.peek(path);
    yield* files.write(staged, data);
    if (yield* isThere(there)) {
      yield* discard(files, staged);
      return false;
    }
    yield* files.linkStaged(staged, path);
    return true;
  } catch (error) {
    yield* discard(files, staged);
    if (codeOf(error) === 'EEXIST') return false;
    if (codeOf(error) !== 'EIO') throw error;
    if (yield* isThere(yield* files.peek(path))) return false;
    if (yield* canLink(files, path, data)) return false;
    throw error;
  }
}

/** Whether a link to a free name can be made there at all: then one that was refused met a name that was taken until then. */
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

function* isThere(looking: Promise<unknown>): Steps<boolean> {
  const [outcome] = yield* ask(Promise.allSettled([looking]));
  if (outcome.status === 'fulfilled') return true;
  if (outcome.reason instanceof NoAnswerError) throw outcome.reason;
  return false;
}

/** Swaps the file from `expected` to `data`, where undefined expects no file. */
export function* replaceFile(
  files: SftpFiles,
  path: string,
  expected: Version | undefined,
  data: Uint8Array,
): Steps<Written | undefined> {
  const swapped = yield* guardedSwap(files, { lock: path, expected, next: data, patienceMs: PATIENCE_MS });
  return swapped ? { version: contentVersion(data) } : undefined;
}

export function removeFile(files: SftpFiles, path: string, expected: Version): Steps<boolean> {
  return guardedSwap(files, { lock: path, expected, next: undefined, patienceMs: PATIENCE_MS });
}

/** Removes a staged file; what cannot be removed is left to `sweep`. */
function* discard(files: SftpFiles, path: string): Steps<void> {
  try {
    yield* files.unlink(path);
  } catch {
    return;
  }
}

/** Moves a file on a server without hard links, whose plain rename may overwrite what stands in its way. */
export function* moveByCopy(files: SftpFiles, from: string, to: string): Steps<void> {
  const image = yield* files.read(from, COPIED_BYTES + 1);
  if (image === undefined) throw new RefusedError('ENOENT', 'there is no such file');
  if (image.data.byteLength > COPIED_BYTES) {
    throw new VfsError('ERR_VFS_UNSUPPORTED', `cannot move ${from}: so long a file needs a server with hard links`);
  }
  if ((yield* replaceFile(files, to, undefined, image.data)) === undefined) {
    throw new RefusedError('EEXIST', 'the target exists already');
  }
  yield* files.unlink(from);
}
