import { freshId } from '../../../util/fresh-id.js';
import type { Steps } from '../../../util/steps.js';
import { stagedPath } from '../../../vfs/names.js';
import type { Version, Written } from '../../../vfs/vfs.js';
import { viaIn } from '../content-version.js';
import { fence } from './fence.js';
import { guardedSwap, type SwapFiles } from './guarded-swap.js';

/** The file operations of one change of a lock file. */
export interface LockFiles extends SwapFiles {
  /** How long to wait for a rival inside the guard before evicting it, in milliseconds. */
  readonly patienceMs: number;
  /** The version of the bytes that were written last. A swap that had to start again publishes what it staged last. */
  readonly written: Version;
}

/** Publishes `data`, staged under a private name, by a hard link. */
export type LinkStaged = (staged: string) => Steps<'created' | 'taken' | 'linkless'>;

/** Creates a file by a hard link, which fails where a file is; without hard links, by the swap. */
export function* createFile(
  files: LockFiles,
  path: string,
  data: Uint8Array,
  linkStaged: LinkStaged | undefined,
): Steps<Written | undefined> {
  const outcome = linkStaged ? yield* linkStaged(stagedPath(path, freshId())) : 'linkless';
  if (outcome === 'linkless') return yield* replaceFile(files, path, undefined, data);
  return outcome === 'created' ? { version: files.written } : undefined;
}

/** Swaps the file from `expected` to `data`, where undefined expects no file. */
export function* replaceFile(
  files: LockFiles,
  path: string,
  expected: Version | undefined,
  data: Uint8Array,
): Steps<Written | undefined> {
  yield* fence(files, path, viaIn(expected));
  const swapped = yield* guardedSwap(files, { lock: path, expected, next: data, patienceMs: files.patienceMs });
  return swapped ? { version: files.written } : undefined;
}

/** Removes the file while it is `expected`. */
export function* removeFile(files: LockFiles, path: string, expected: Version): Steps<boolean> {
  yield* fence(files, path, viaIn(expected));
  return yield* guardedSwap(files, { lock: path, expected, next: undefined, patienceMs: files.patienceMs });
}

/** The mode of a lock file: readable to all who may write to its folder, so that each of them can judge the lock. */
export function fileMode(folderMode: number): number {
  return 0o600 | ((folderMode | (folderMode << 1)) & 0o044);
}

/** Removes a staged file; what cannot be removed is left to `sweep`. */
export function* discard(files: Pick<SwapFiles, 'unlink'>, path: string): Steps<void> {
  try {
    yield* files.unlink(path);
  } catch {
    return;
  }
}
