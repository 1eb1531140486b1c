import { guardedSwap } from '../shared/plain/guarded-swap.js';
import { freshId } from '../../util/fresh-id.js';
import { stagedPath } from '../../vfs/names.js';
import type { Steps } from '../../util/steps.js';
import type { Snapshot, Version, Written } from '../../vfs/vfs.js';
import { codeOf, LINKLESS } from '../shared/plain/posix-errors.js';
import type { LocalFiles } from './files.js';

/** How long to wait for whoever is inside a guard, which takes well under a millisecond, before putting it out. */
const PATIENCE_MS = 100;

/** Two stamps of whole seconds come from a file system with a coarse clock; FAT's is the coarsest. */
const COARSE_GRAIN_MS = 2000;

/** Reads a file and, when asked to, the disk's clock: the modification time of a scratch file made now. */
export function* readFile(
  files: LocalFiles,
  path: string,
  options: { readonly clock: boolean; readonly maxBytes: number },
): Steps<Omit<Snapshot, 'path'> | undefined> {
  const image = yield* files.look(path, options.maxBytes);
  if (image === undefined) return undefined;
  const nowMs = options.clock ? yield* diskTime(files, path) : undefined;
  const coarse = nowMs !== undefined && nowMs % 1000 === 0 && image.modifiedMs % 1000 === 0;
  return { ...image, nowMs: coarse ? nowMs - COARSE_GRAIN_MS : nowMs };
}

/** Puts a staged file under `path` by a hard link, which fails where a file is; without hard links, by the swap. */
export function* createFile(
  files: LocalFiles,
  path: string,
  data: Uint8Array,
  hardLinks: boolean,
): Steps<Written | undefined> {
  const outcome = hardLinks ? yield* linkStaged(files, path, data) : 'linkless';
  if (outcome === 'linkless') return yield* replaceFile(files, path, undefined, data);
  return outcome === 'made' ? { version: files.written } : undefined;
}

function* linkStaged(files: LocalFiles, path: string, data: Uint8Array): Steps<'made' | 'taken' | 'linkless'> {
  const staged = stagedPath(path, freshId());
  try {
    yield* files.write(staged, data);
    yield* files.link(staged, path);
    return 'made';
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return 'taken';
    if (LINKLESS.includes(codeOf(error))) return 'linkless';
    throw error;
  } finally {
    yield* discard(files, staged);
  }
}

/** Swaps the file from `expected` to `data`, where undefined expects no file. */
export function* replaceFile(
  files: LocalFiles,
  path: string,
  expected: Version | undefined,
  data: Uint8Array,
): Steps<Written | undefined> {
  const swapped = yield* guardedSwap(files, { lock: path, expected, next: data, patienceMs: PATIENCE_MS });
  return swapped ? { version: files.written } : undefined;
}

export function removeFile(files: LocalFiles, path: string, expected: Version): Steps<boolean> {
  return guardedSwap(files, { lock: path, expected, next: undefined, patienceMs: PATIENCE_MS });
}

function* diskTime(files: LocalFiles, path: string): Steps<number | undefined> {
  const scratch = stagedPath(path, freshId());
  try {
    return yield* files.stamp(scratch);
  } catch {
    // A reader without permission to write, or a full disk: the store tells it no time.
    return undefined;
  } finally {
    yield* discard(files, scratch);
  }
}

/** Removes a staged file; what cannot be removed is left to `sweep`. */
function* discard(files: LocalFiles, path: string): Steps<void> {
  try {
    yield* files.unlink(path);
  } catch {
    return;
  }
}
