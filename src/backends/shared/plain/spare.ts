import type { Steps } from '../../../util/steps.js';
import { hasToken, isEndless } from '../content-version.js';
import { discard } from './lock-files.js';
import { nextEntry, type HolderFiles, type HolderFolder, type Spare } from './holder-folder.js';

/** Writes a record into the private folder: over the spare file, or as a new one, which then is `entry`. */
export function* stage(
  files: HolderFiles,
  folder: HolderFolder,
  data: Uint8Array,
  entry = nextEntry(folder, 'new'),
): Steps<Spare> {
  const { spare } = folder;
  // If the power fails, a file that was written over has its old content for longer: a token of it may have been counted on since.
  if (files.rewrite !== undefined && spare !== undefined && !hasToken(data)) {
    // Nobody else may find it, as acts of other locks can be under way.
    folder.spare = undefined;
    const stamp = yield* written(files, spare.entry, files.rewrite(spare.entry, data, spare.stamp));
    if (stamp !== undefined) return { entry: spare.entry, stamp };
    yield* discard(files, spare.entry);
  }
  return { entry, stamp: yield* written(files, entry, files.writeStamped(entry, data)) };
}

/** Whether the file of a record may be kept: if the power fails, the record may come back under the name of another lock. */
export function mayStay(data: Uint8Array): boolean {
  return !isEndless(data) && !hasToken(data);
}

/** Whether a file may be put aside. Never throws, as the act that it belongs to may be done. */
export function* mayKeep(files: HolderFiles, folder: HolderFolder): Steps<boolean> {
  if (files.mayKeep === undefined || folder.dropped) return false;
  try {
    return yield* files.mayKeep();
  } catch {
    return false;
  }
}

/** Keeps a file for the next record, or removes it. */
export function* putAside(files: HolderFiles, folder: HolderFolder, spare: Spare): Steps<void> {
  const isKept = yield* mayKeep(files, folder);
  const unwanted = isKept ? folder.spare : spare;
  if (isKept) folder.spare = spare;
  if (unwanted !== undefined) yield* discard(files, unwanted.entry);
}

/** The stamp of a file in the private folder, which is removed if it cannot be written. */
function* written<T>(files: HolderFiles, entry: string, writing: Steps<T>): Steps<T> {
  try {
    return yield* writing;
  } catch (error) {
    yield* discard(files, entry);
    throw error;
  }
}
