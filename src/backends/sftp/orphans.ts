import { guardPath, takenName } from '../../vfs/names.js';
import { NoAnswerError } from './errors.js';
import { namesIn } from './data-files.js';
import { isDirectory, type Attributes } from './connection/raw.js';
import type { SftpSession } from './connection/session.js';

/** A name that a change made for itself: beside the file, or also, under the guard of a swap, as `entry`. */
export interface Staged {
  readonly path: string;
  readonly swap?: { readonly lock: string; readonly entry: string };
}

/** What changes have left behind when their connection broke. They end over the next one. */
export class SftpOrphans {
  #left: Staged[] = [];

  add(staged: readonly Staged[]): void {
    this.#left.push(...staged);
  }

  /** Takes everything away that is still there. The names are nobody else's, so that no rival can be in the way. */
  async clear(session: SftpSession): Promise<void> {
    const left = this.#left;
    this.#left = [];
    for (let staged = left.shift(); staged; staged = left.shift()) {
      try {
        await clearOne(session, staged);
      } catch (error) {
        this.add([staged, ...left]);
        throw error;
      }
    }
  }
}

async function clearOne(session: SftpSession, { path, swap }: Staged): Promise<void> {
  await takeAway(session, path);
  if (swap === undefined) return;
  const guard = guardPath(swap.lock);
  // The entry goes first: once it is gone nothing can be moved in or out through it any more.
  await takeAway(session, `${guard}/${swap.entry}`);
  await takeAway(session, `${guard}/${takenName(swap.entry)}`);
  await answered(session.rmdir(guard));
}

/** A file, a link, or a directory with all that is in it. */
async function takeAway(session: SftpSession, path: string): Promise<void> {
  const found: Attributes | undefined = await answered(session.lstat(path));
  if (found === undefined) return;
  if (!isDirectory(found)) {
    await answered(session.unlink(path));
    return;
  }
  for (const name of (await answered(namesIn(session, path))) ?? []) await takeAway(session, `${path}/${name}`);
  await answered(session.rmdir(path));
}

/** Undefined when it was refused: the name is gone already, or cannot be taken away. */
async function answered<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof NoAnswerError) throw error;
    return undefined;
  }
}
