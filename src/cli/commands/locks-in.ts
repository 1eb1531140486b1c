import { list, type Listed } from '../../admin/list.js';
import { inspect } from '../../lock/inspect.js';
import { VfsError } from '../../vfs/errors.js';
import type { VfsFile } from '../../vfs/file.js';
import type { Folder } from '../../vfs/path.js';
import { relativePath } from '../terminal/display-path.js';
import type { Place } from '../usage/places.js';

/** A lock in a folder, or that of a file. */
export interface Found {
  readonly listed: Listed;
  /** What a table shows. */
  readonly name: string;
  readonly place: Place;
}

interface LocksInOptions {
  readonly recursive: boolean;
  readonly onError: (error: Error, place: Place) => void;
  readonly signal: AbortSignal;
}

/**
 * The locks in folders, and those of files, each once: a file may stand in one of the folders, and a folder in another. A place that
 * cannot be read does not hide the others.
 */
export async function* locksIn(places: readonly Place[], options: LocksInOptions): AsyncGenerator<Found> {
  const found = new Set<string>();
  for (const place of places) {
    const prefix = places.length === 1 ? '' : place.text.replace(/\/*$/, '/');
    try {
      for await (const lock of place.file ? lockOf(place, options) : locksBelow(place, prefix, options)) {
        const { path } = lock.listed;
        if (found.has(path)) continue;
        if (places.length > 1) found.add(path);
        yield lock;
      }
    } catch (error) {
      if (places.length === 1 || !(error instanceof VfsError)) throw error;
      options.onError(error, place);
    }
  }
}

async function* lockOf(place: Place & { readonly file: VfsFile }, { signal }: LocksInOptions): AsyncGenerator<Found> {
  const inspection = await inspect(place.file, { signal, waiters: true });
  const listed = { ...inspection, file: place.file, error: undefined };
  if (inspection.state !== 'free') yield { listed, name: place.text, place };
}

async function* locksBelow(
  place: Place & { readonly folder: Folder },
  prefix: string,
  { recursive, signal, ...options }: LocksInOptions,
): AsyncGenerator<Found> {
  const onError = (error: Error): void => options.onError(error, place);
  for await (const listed of list(place.folder, { recursive, waiters: true, signal, onError })) {
    yield { listed, name: prefix + relativePath(place.folder, listed.file.path), place };
  }
}
