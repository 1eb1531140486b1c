import { Lockfile, VfsError } from 'vfs-lockfile';

import { Folder } from './folder.js';
import { UsageError } from './options.js';
import type { Original } from './originals.js';
import { ARCHIVE } from './plan.js';

/** Opens the folder that is to be the inbox. Throws `UsageError` when it cannot serve, or has anybody else's files in it. */
export async function openInbox(location: string): Promise<Folder> {
  try {
    const inbox = await Folder.open(location);
    if (!inbox.shared) throw new UsageError(`the inbox ${location} would be another one for each process`);
    const [found] = await inbox.names();
    if (found !== undefined)
      throw new UsageError(`the inbox ${location} must be empty, and has ${JSON.stringify(found)}`);
    await tryOut(inbox);
    return inbox;
  } catch (error) {
    throw error instanceof VfsError ? new UsageError(error.message, { cause: error }) : error;
  }
}

async function tryOut(inbox: Folder): Promise<void> {
  const file = inbox.file('try');
  await file.write('Can files be written here?');
  await file.delete();
}

/** Puts a copy of each file in. Returns how many bytes they are. */
export async function fill(inbox: Folder, originals: readonly Original[], signal: AbortSignal): Promise<number> {
  let bytes = 0;
  for (const original of originals) {
    const file = inbox.file(original.name);
    await file.write(original.read(), { signal });
    bytes += (await file.stat())?.size ?? 0;
  }
  return bytes;
}

/** Some stores keep the lock file of a lock that was given back. Deletes these, now that nobody uses them any more. */
export async function clearTombstones(inbox: Folder): Promise<void> {
  const locks = (await inbox.names()).filter((name) => name.endsWith('.lock'));
  for (const name of locks) {
    const record = await new Lockfile(inbox.file(name.replace(/\.lock$/, ''))).metadata();
    if (record?.released) await inbox.file(name).delete();
  }
}

/** Deletes what came of those files, wherever it is by now. */
export async function empty(inbox: Folder, originals: readonly Original[]): Promise<void> {
  for (const { name } of originals) {
    await inbox.file(name).delete();
    await inbox.file(ARCHIVE + name).delete();
  }
}
