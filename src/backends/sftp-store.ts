import { contentVersion } from '../content-version.js';
import { guardedSwap } from '../guarded-swap.js';
import { freshId, stagedPath } from '../names.js';
import { ask, type Steps } from '../steps.js';
import type { Snapshot, Version, Written } from '../vfs.js';
import { codeOf, NoAnswerError } from './sftp-errors.js';
import type { SftpFiles } from './sftp-files.js';

/** How long to wait for whoever is inside a guard before putting it out: a swap takes a few round trips. */
const PATIENCE_MS = 1500;

/** How often a creation is tried that failed for no visible reason: whoever was in the way has gone again. */
const LINK_TRIES = 5;

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
  for (let tries = 1; ; tries += 1) {
    const refusal = yield* linkStaged(files, path, data);
    if (refusal === 'made') return { version: contentVersion(data) };
    if (refusal === 'taken') return undefined;
    if (tries === LINK_TRIES) throw refusal;
  }
}

/** Or an error that nothing explains: there was no file any more when it was looked for. */
function* linkStaged(files: SftpFiles, path: string, data: Uint8Array): Steps<'made' | 'taken' | Error> {
  const staged = stagedPath(path, freshId());
  try {
    const there = yield* files.peek(path);
    yield* files.write(staged, data);
    if (yield* isThere(there)) {
      yield* discard(files, staged);
      return 'taken';
    }
    yield* files.linkStaged(staged, path);
    return 'made';
  } catch (error) {
    yield* discard(files, staged);
    if (codeOf(error) === 'EEXIST') return 'taken';
    if (codeOf(error) !== 'EIO') throw error;
    return (yield* isThere(yield* files.peek(path))) ? 'taken' : (error as Error);
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
