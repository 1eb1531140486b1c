import { monotonicMs } from '../util/time.js';
import { isOurName } from '../vfs/names.js';
import type { Entry } from '../vfs/vfs.js';
import type { ResolvedInboxOptions } from './options.js';
import { nameOf, type Folder } from '../vfs/path.js';

/** A scan is used for this many times the time that it took, because scans of large folders are expensive. */
const MAX_AGE_IN_SCANS = 10;

/** The files that one listing of an inbox found, and what happened to them so far. */
export class InboxScan {
  /** All matching files, in the order in which they are to be claimed. */
  readonly entries: readonly Entry[];
  /** The paths of all lock files. */
  readonly locks: ReadonlySet<string>;
  claimed = false;
  /** Whether any file may be claimed later, by this or another worker. */
  waits = false;
  /** How soon the next file can be claimed because it has settled, in milliseconds. */
  settlesInMs = Infinity;
  readonly #seenMs = monotonicMs();
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
    return monotonicMs() - this.#seenMs > Math.max(afterMs, MAX_AGE_IN_SCANS * this.#tookMs);
  }
}

export async function scanInbox(
  { vfs, path }: Folder,
  { matches, compare, signal }: ResolvedInboxOptions,
): Promise<InboxScan> {
  const startedMs = monotonicMs();
  const entries: Entry[] = [];
  const locks = new Set<string>();
  for await (const entry of vfs.list(path, { signal })) {
    const name = nameOf(entry.path);
    if (isOurName(name)) locks.add(entry.path);
    else if (matches(name)) entries.push(entry);
  }
  return new InboxScan(entries.sort(compare), locks, monotonicMs() - startedMs);
}
