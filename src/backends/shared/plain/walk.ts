import type { VfsError } from '../../../vfs/errors.js';
import type { Entry, ListOptions } from '../../../vfs/vfs.js';
import { ABSENT, codeOf } from './posix-errors.js';

/** A name in a folder. */
export interface FoundName {
  readonly name: string;
  readonly isFolder: boolean;
}

/** How to go through the folders of a store, whose paths are relative to its root (`''`). */
export interface Walk<Found extends FoundName> extends ListOptions {
  /** The names in a folder, a few at a time. */
  readonly namesIn: (folder: string) => AsyncIterable<Found>;
  /** Makes an entry of a file or folder, or leaves it out. */
  readonly visit: (path: string, found: Found) => Entry | undefined | Promise<Entry | undefined>;
  /** Whether to go into a folder of this name. */
  readonly enters: (name: string) => boolean;
  /** The failure to list a folder, in the terms of the library. */
  readonly failure: (error: unknown, folder: string) => VfsError;
  /** Whether a failure ends the walk even when it happens below the first folder. */
  readonly isFinal?: (error: unknown) => boolean;
}

/** Goes through a folder, which must exist, and those below it. What vanishes meanwhile is left out. */
export async function* walk<Found extends FoundName>(
  folder: string,
  through: Walk<Found>,
  isBelow = false,
): AsyncGenerator<Entry> {
  const { namesIn, visit, enters, failure, isFinal, signal, onFolder, onError } = through;
  const inside: string[] = [];
  try {
    for await (const found of namesIn(folder)) {
      const path = folder === '' ? found.name : `${folder}/${found.name}`;
      const entry = await visit(path, found);
      signal?.throwIfAborted();
      if (entry) yield entry;
      if (found.isFolder) onFolder?.(path);
      if (found.isFolder && enters(found.name)) inside.push(path);
    }
  } catch (error) {
    const reported = failure(error, folder);
    if (!isBelow || isFinal?.(error) || reported.code === 'ERR_VFS_ABORTED') throw reported;
    const isGone = ABSENT.includes(codeOf(error));
    if (!isGone && onError === undefined) throw reported;
    if (!isGone) onError?.(reported, folder);
  }
  for (const path of inside) yield* walk(path, through, true);
}
