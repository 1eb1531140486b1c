import { wallMs } from '../util/time.js';
import { resolveSignal } from '../lock/model/acquire-options.js';
import { openFile, openFolder, type Location } from '../open.js';
import { durationMs, type Duration } from '../util/duration.js';
import { checkedLater, checkOptions, FUNCTION, SIGNAL, STRING, type OptionKinds } from '../util/option-check.js';
import { LockOptionError } from '../util/option-error.js';
import { VfsError } from '../vfs/errors.js';
import { VfsFile } from '../vfs/file.js';
import { nameOf, pathIn, type Folder } from '../vfs/path.js';
import type { HistoryEntry } from './entry.js';
import { inOrder } from './in-order.js';
import { decodeLine } from './line.js';
import { linesOf } from './lines.js';
import { dayOf, journalFolder, partsOfName } from './place.js';

/** Options of `readHistory` and `readHistoryFile`. */
export interface HistoryOptions {
  /**
   * Leave out what is older: a time, or a duration back from now.
   * @default everything
   */
  readonly since?: Date | Duration | undefined;
  /**
   * Only the lock with this display path, as `inspect` returns it in `path`.
   * @default all locks
   */
  readonly lock?: string | undefined;
  /**
   * Called for each line that is not understood: foreign, damaged, too long, or cut off where its writer was killed.
   * @default such lines are left out silently
   */
  readonly onSkip?: (() => void) | undefined;
  /**
   * Ends the reading with the signal's reason.
   * @default none
   */
  readonly signal?: AbortSignal | undefined;
}

const HISTORY_OPTIONS: OptionKinds<HistoryOptions> = {
  since: checkedLater('a Date or a duration'),
  ...{ lock: STRING, onSkip: FUNCTION, signal: SIGNAL },
};

/**
 * What the journal of a location says, the oldest first, in bounded memory. Times are those of the hosts that wrote: where their
 * clocks differ, so does the order. Nothing where there is no journal.
 *
 * @throws {LockOptionError} if the location or an option cannot be used.
 * @throws {VfsError} while it is iterated, if the store fails.
 * @throws the reason of `signal`, while it is iterated, if that aborts.
 * @example
 * for await (const { at, event, lock, hostname } of readHistory('inbox', { since: '1d' })) {
 *   console.log(at.toISOString(), event, lock, hostname);
 * }
 */
export function readHistory(location: Location, options: HistoryOptions = {}): AsyncIterable<HistoryEntry> {
  const wanted = new Wanted('readHistory', options);
  return { [Symbol.asyncIterator]: () => ofLocation(location, wanted) };
}

/**
 * The same of the file that `startJournalFile` writes, or of any other file with such lines, which may be a URI.
 *
 * @throws {LockOptionError} if an option cannot be used.
 * @throws {VfsError} while it is iterated, if the file does not exist or cannot be read.
 * @throws the reason of `signal`, while it is iterated, if that aborts.
 * @example
 * for await (const { event, lock } of readHistoryFile('/var/log/locks.jsonl')) console.log(event, lock);
 */
export function readHistoryFile(
  file: string | URL | VfsFile,
  options: HistoryOptions = {},
): AsyncIterable<HistoryEntry> {
  const wanted = new Wanted('readHistoryFile', options);
  return { [Symbol.asyncIterator]: () => ofFile(file, wanted) };
}

async function* ofLocation(location: Location, wanted: Wanted): AsyncGenerator<HistoryEntry> {
  const folder = await openFolder(location);
  const sources = [...(await writersOf(folder, wanted)).values()].map((paths) =>
    ofWriter(folder, paths.sort(), wanted),
  );
  yield* inOrder(sources);
}

async function* ofFile(file: string | URL | VfsFile, wanted: Wanted): AsyncGenerator<HistoryEntry> {
  yield* inOrder([entriesOf(await openFile(file), wanted, (lock) => lock)]);
}

/** The files of a journal by who wrote them. */
async function writersOf(location: Folder, { sinceMs, signal }: Wanted): Promise<Map<string, string[]>> {
  const { vfs, path } = journalFolder(location);
  const firstDay = sinceMs > 0 ? dayOf(new Date(sinceMs)) : '';
  const writers = new Map<string, string[]>();
  try {
    for await (const entry of vfs.list(path, { signal })) {
      const parts = partsOfName(nameOf(entry.path));
      if (parts === undefined || parts.day < firstDay) continue;
      const paths = writers.get(parts.writer);
      if (paths) paths.push(entry.path);
      else writers.set(parts.writer, [entry.path]);
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof VfsError) || error.code !== 'ERR_VFS_NOT_FOUND') throw error;
  }
  return writers;
}

async function* ofWriter(location: Folder, paths: readonly string[], wanted: Wanted): AsyncGenerator<HistoryEntry> {
  const { vfs } = location;
  const locate = (lock: string): string => vfs.locate(pathIn(location, lock));
  for (const path of paths) yield* entriesOf(new VfsFile(vfs, path), wanted, locate);
}

async function* entriesOf(
  file: VfsFile,
  wanted: Wanted,
  locate: (lock: string) => string,
): AsyncGenerator<HistoryEntry> {
  const { signal } = wanted;
  try {
    for await (const line of linesOf(file.readStream({ signal }))) {
      if (line === '') continue;
      const decoded = line === undefined ? undefined : decodeLine(line);
      if (decoded === undefined || decoded.isTorn) wanted.skip();
      if (decoded === undefined) continue;
      const entry = { ...decoded.entry, lock: locate(decoded.entry.lock) };
      if (wanted.accepts(entry)) yield entry;
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** What of a history is asked for. */
class Wanted {
  readonly sinceMs: number;
  readonly signal: AbortSignal | undefined;
  readonly skip: () => void;
  readonly #lock: string | undefined;

  constructor(caller: string, options: HistoryOptions) {
    checkOptions(caller, options, HISTORY_OPTIONS);
    const { since, lock, onSkip = () => undefined } = options;
    this.sinceMs = sinceMsOf(since);
    this.signal = resolveSignal(options);
    this.skip = onSkip;
    this.#lock = lock;
  }

  accepts({ at, lock }: HistoryEntry): boolean {
    return at.getTime() >= this.sinceMs && (this.#lock === undefined || this.#lock === lock);
  }
}

function sinceMsOf(since: HistoryOptions['since']): number {
  if (since === undefined) return -Infinity;
  if (!(since instanceof Date)) return wallMs() - durationMs(since, 'since', {});
  const ms = since.getTime();
  if (!Number.isNaN(ms)) return ms;
  throw new LockOptionError('since must be a valid Date');
}
