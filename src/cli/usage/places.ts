import { openFolder } from '../../open.js';
import { VfsFile } from '../../vfs/file.js';
import { lockedPath, lockPath } from '../../vfs/names.js';
import type { Folder } from '../../vfs/path.js';
import { CliError } from '../exit-codes.js';
import { displayPath } from '../terminal/display-path.js';
import { checkedFolder, kindOf, meantBy } from './target.js';

/** A folder whose locks, or a file whose lock, a command is about. `text` is what was typed. */
export type Place = { readonly text: string } & (
  { readonly folder: Folder; readonly file?: never } | { readonly file: VfsFile; readonly folder?: never }
);

/** A LOCATION that names nothing, and the usage error that says so. */
export interface Missing {
  readonly text: string;
  readonly error: CliError;
}

export interface Places {
  /** Each place once, in the order of the arguments. */
  readonly places: readonly Place[];
  readonly missing: readonly Missing[];
}

/** Opens what each LOCATION names. One that names nothing does not hide the others, but throws if it is the only one. */
export async function openPlaces(texts: readonly string[]): Promise<Places> {
  const places = new Map<string, Place>();
  const missing: Missing[] = [];
  for (const text of texts) {
    try {
      const place = await openPlace(text);
      // `*` names a file and its lock file, which mean the same lock.
      const key = `${place.folder ? 'folder' : 'file'} ${placePath(place)}`;
      if (!places.has(key)) places.set(key, place);
    } catch (error) {
      if (texts.length === 1 || !(error instanceof CliError)) throw error;
      missing.push({ text, error });
    }
  }
  return { places: [...places.values()], missing };
}

/** The display path of a place. */
export function placePath(place: Place): string {
  return place.folder ? displayPath(place.folder) : place.file.toString();
}

/** Opens what LOCATION names. On the local disk it may also be a file, or a name whose lock stands there. */
async function openPlace(text: string): Promise<Place> {
  const folder = await openFolder(text);
  if (folder.vfs.scheme !== 'file' || folder.path === '') return { text, folder: await checkedFolder(folder) };
  const path = displayPath(folder);
  const kind = await kindOf(path);
  if (kind !== 'file' && !(kind === 'nothing' && (await hasOrHadLock(path)))) {
    return { text, folder: await checkedFolder(folder, kind) };
  }
  const file = await meantBy(new VfsFile(folder.vfs, folder.path));
  return { text: file.path === folder.path ? text : text.replace(/\.lock$/, ''), file };
}

/** A shell may have found a lock file that was removed before this process could read it. */
async function hasOrHadLock(path: string): Promise<boolean> {
  return lockedPath(path) !== undefined || (await kindOf(lockPath(path))) !== 'nothing';
}
