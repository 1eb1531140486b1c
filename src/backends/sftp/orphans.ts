import { run, type Steps } from '../../util/steps.js';
import { guardPath, idOf, takenName } from '../../vfs/names.js';
import { fence } from '../shared/plain/fence.js';
import { removeEntries, removeIfEmpty } from '../shared/plain/eviction.js';
import { removeLeftover } from '../shared/plain/leftovers.js';
import type { SftpSession } from './connection/session.js';
import { NoAnswerError } from './errors.js';
import { SftpFiles, type Staged } from './files.js';
import { UNPROBED } from './probe.js';

/** What changes have left behind when their connection broke. It is removed over the next one. */
export class SftpOrphans {
  #left: Staged[] = [];
  #clearing: Promise<void> | undefined;

  add(staged: readonly Staged[]): void {
    this.#left.push(...staged);
  }

  /**
   * Removes everything that is still there, before anything is changed over this connection: until then a request that waits on the
   * server may still act. The names belong to nobody else, so that no rival can be in the way.
   */
  async clear(session: SftpSession): Promise<void> {
    if (this.#left.length > 0) this.#clearing ??= this.#clear(session).finally(() => (this.#clearing = undefined));
    await this.#clearing;
  }

  async #clear(session: SftpSession): Promise<void> {
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

async function clearOne(session: SftpSession, { path, swap, isHolder }: Staged): Promise<void> {
  const files = new SftpFiles(session, UNPROBED, path);
  if (isHolder) {
    await attempt(fence(files, path, idOf(path)));
    return;
  }
  await attempt(removeLeftover(files, path));
  if (swap === undefined) return;
  const guard = guardPath(swap.lock);
  await attempt(removeEntries(files, guard, [swap.entry, takenName(swap.entry)]));
  await attempt(removeIfEmpty(files, guard));
}

/** What is refused is gone already, or cannot be removed: then it is left to `sweep`. */
async function attempt(removal: Steps<unknown>): Promise<void> {
  try {
    await run(removal);
  } catch (error) {
    if (error instanceof NoAnswerError) throw error;
  }
}
