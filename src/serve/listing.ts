import { list, type Listed } from '../admin/list.js';
import type { VfsError } from '../vfs/errors.js';
import { folderOf, pathIn, type Folder } from '../vfs/path.js';
import { refuseEscape } from './escape.js';
import type { Waits } from './limits.js';
import { viewOf, type LockView } from './view.js';

/** The name of a file in the folder of the service. */
export function nameIn({ path: folder }: Folder, path: string): string {
  return folder === '' ? path : path.slice(folder.length + 1);
}

/** The folder in which names with this prefix are. Throws unless it is in the folder of the service. */
export function folderFor(folder: Folder, prefix: string): Folder {
  const below = folderOf(prefix);
  if (below === '') return folder;
  const path = pathIn(folder, below);
  refuseEscape(folder, `${path}/x`);
  return { vfs: folder.vfs, path };
}

/** Every lock whose name begins with `prefix`, sorted by name. Released ones are left out. */
export async function listLocks(
  folder: Folder,
  waits: Waits,
  { prefix = '', signal }: { readonly prefix?: string; readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly LockView[]> {
  const views: LockView[] = [];
  // A folder that cannot be listed hides its own locks, and not those of the others.
  let unlisted: VfsError | undefined;
  const onError = (error: VfsError): void => void (unlisted ??= error);
  for await (const found of locksIn(folderFor(folder, prefix), { onError, signal })) {
    const name = nameIn(folder, found.file.path);
    if (found.state !== 'released' && name.startsWith(prefix)) views.push(viewOf(name, found, waits.of(name)));
  }
  if (unlisted !== undefined && views.length === 0) throw unlisted;
  return views.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function locksIn(
  folder: Folder,
  options: { readonly onError: (error: VfsError) => void; readonly signal?: AbortSignal | undefined },
): AsyncIterable<Listed> {
  return list(folder, { recursive: true, waiters: true, ...options });
}
