import { createHash } from 'node:crypto';

import { attemptsPath } from '../vfs/names.js';
import type { VfsFile } from '../vfs/file.js';
import type { Stat } from '../vfs/vfs.js';

/** The count kept beside a file. A file that was replaced since is a new one, whose count starts again. */
interface Count {
  readonly file: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly attempts: number;
}

const MAX_BYTES = 65_536;

/** Counts how often each file of an inbox was claimed, in a small file beside it: also a worker that is killed leaves its count. */
export class AttemptCounter {
  /** Counts an attempt, before anything is done with the file. The lock on the file must be held. Returns its number, from 1. */
  async begin(file: VfsFile, { size, modifiedMs }: Stat): Promise<number> {
    const last = await this.#read(file);
    const isSame = last?.size === size && last.modifiedMs === modifiedMs;
    const count: Count = { file: file.name, size, modifiedMs, attempts: isSame ? last.attempts + 1 : 1 };
    await file.vfs.write(pathFor(file), Buffer.from(`${JSON.stringify(count)}\n`));
    return count.attempts;
  }

  /** Forgets a file that has left the inbox. */
  async clear(file: VfsFile): Promise<void> {
    await file.vfs.delete(pathFor(file)).catch(() => undefined);
  }

  async #read(file: VfsFile): Promise<Count | undefined> {
    const snapshot = await file.vfs.read(pathFor(file), { maxBytes: MAX_BYTES });
    if (snapshot === undefined) return undefined;
    try {
      const count = JSON.parse(Buffer.from(snapshot.data).toString()) as Count;
      return Number.isSafeInteger(count.attempts) ? count : undefined;
    } catch {
      return undefined;
    }
  }
}

/** A hash of the name, as the name itself may be as long as the store allows. */
function pathFor(file: VfsFile): string {
  return attemptsPath(file.path, createHash('sha256').update(file.name).digest('hex').slice(0, 32));
}
