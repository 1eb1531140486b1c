import { isOurName } from '../vfs/names.js';
import type { Entry } from '../vfs/vfs.js';
import type { ResolvedInboxOptions } from './options.js';
import { nameOf, type Folder } from '../vfs/path.js';

/** How many times as long as it took to look into the inbox what was seen there may be gone by. */
const LOOKS_WORTH = 10;

/** What one look into an inbox found, and what came of it so far. */
export class InboxScan {
  /** All files to be claimed, in order. */
  readonly entries: readonly Entry[];
  /** The paths of all lock files. */
  readonly locks: ReadonlySet<string>;
  claimed = false;
  /** Whether any file may be claimed later, by whomever. */
  waits = false;
  /** How soon one of them may have settled. */
  settlesInMs = Infinity;
  readonly #seenMs = performance.now();
  readonly #tookMs: number;
  #taken = 0;

  constructor(entries: readonly Entry[], locks: ReadonlySet<string>, tookMs: number) {
    this.entries = entries;
    this.locks = locks;
    this.#tookMs = tookMs;
  }

  take(): Entry | undefined {
    this.#taken += 1;
    return this.entries[this.#taken - 1];
  }

  isOld(afterMs: number): boolean {
    return performance.now() - this.#seenMs > Math.max(afterMs, LOOKS_WORTH * this.#tookMs);
  }
}

export async function scanInbox(
  { vfs, path }: Folder,
  { matches, compare, signal }: ResolvedInboxOptions,
): Promise<InboxScan> {
  const startedMs = performance.now();
  const entries: Entry[] = [];
  const locks = new Set<string>();
  for await (const entry of vfs.list(path, { signal })) {
    const name = nameOf(entry.path);
    if (isOurName(name)) locks.add(entry.path);
    else if (matches(name)) entries.push(entry);
  }
  return new InboxScan(entries.sort(compare), locks, performance.now() - startedMs);
}
