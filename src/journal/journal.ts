import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import type { LockEvent, LockEventName } from '../lock/model/events.js';
import { openFolder, openLocal, type Location } from '../open.js';
import { durationMs, type Duration } from '../util/duration.js';
import { checkOptions, DURATION, FUNCTION, type OptionKinds } from '../util/option-check.js';
import { VfsFile } from '../vfs/file.js';
import { pathIn, type Folder } from '../vfs/path.js';
import { encodeLine } from './line.js';
import { LineQueue } from './line-queue.js';
import { Recorder } from './recorder.js';
import { fileSink, folderSink, type Sink } from './sink.js';

/** Options of `startJournal` and `startJournalFile`. */
export interface JournalOptions {
  /**
   * How often what repeats is written: that an acquisition still waits, that a lock was renewed, that a file is still held by
   * somebody else. In milliseconds or as text; `Infinity`: only the first time.
   * @default '1m'
   */
  readonly every?: Duration | undefined;
  /**
   * Called when lines cannot be written, at the first failure after a success. What was not written is counted, and the next line
   * that is written says how many lines are missing.
   * @default nothing is reported
   */
  readonly onError?: ((error: Error) => void) | undefined;
}

/** A journal that is being written. */
export interface Journal {
  /** How many lines could not be written, and were not yet reported by a line that was. */
  readonly dropped: number;
  /** Tries to write what waits. Resolves when that is done or was given up, after at most ten seconds. */
  flush(): Promise<void>;
  /** Ends the recording, and flushes. */
  close(): Promise<void>;
}

const JOURNAL_OPTIONS: OptionKinds<JournalOptions> = { every: DURATION, onError: FUNCTION };

const EVENTS: readonly LockEventName[] = [
  ...(['wait', 'steal', 'acquire', 'timeout', 'fail', 'renew', 'lost', 'release', 'force-release'] as const),
];

/**
 * From now on writes what happens to the locks in a folder and below, in this process, to a journal beside them: a line of JSON each.
 * On a disk and on OpenSSH lines are appended, one file a day, host and user. On other stores each second with news is one small
 * object. A journal never blocks or fails a lock: what cannot be written is dropped and counted.
 *
 * @throws {LockOptionError} if the location or an option cannot be used.
 * @throws {VfsError} if the location cannot be opened. Nothing is written before the first event.
 * @example
 * const journal = await startJournal('inbox');
 * await withLock('inbox/orders.csv', async () => {});
 * await journal.close();
 */
export async function startJournal(location: Location, options: JournalOptions = {}): Promise<Journal> {
  checkOptions('startJournal', options, JOURNAL_OPTIONS);
  const everyMs = everyOf(options);
  const folder = await openFolder(location);
  return new RunningJournal(folderSink(folder), new Recorder(everyMs), pathsBelow(folder), options.onError);
}

/**
 * The same for all locks of this process, wherever they are, in one file on the local disk. Any number of processes of this machine
 * may write the same file, and it may be moved away at any time.
 *
 * @throws {LockOptionError} if an option cannot be used.
 * @throws {VfsError} if there cannot be such a file. Nothing is written before the first event.
 * @example
 * const journal = startJournalFile('/var/log/locks.jsonl', { onError: console.error });
 */
export function startJournalFile(file: string | URL, options: JournalOptions = {}): Journal {
  checkOptions('startJournalFile', options, JOURNAL_OPTIONS);
  const recorder = new Recorder(everyOf(options));
  return new RunningJournal(fileSink(openLocal(file)), recorder, ({ path }) => path, options.onError);
}

function everyOf({ every = '1m' }: JournalOptions): number {
  return durationMs(every, 'every', { zero: true, infinity: true });
}

/** How an event's lock is called in a journal. Undefined: it is none of its locks. */
type Naming = (event: LockEvent) => string | undefined;

/** Paths relative to the folder, which other hosts may reach by other paths. */
function pathsBelow(folder: Folder): Naming {
  const { vfs } = folder;
  const probe = new VfsFile(vfs, pathIn(folder, 'x'));
  const prefix = String(probe).slice(0, -1);
  const skipped = folder.path === '' ? 0 : folder.path.length + 1;
  return ({ path, backend }) => {
    if (backend !== vfs.scheme || !path.startsWith(prefix)) return undefined;
    return probe.resolve(path).path.slice(skipped);
  };
}

class RunningJournal implements Journal {
  readonly #queue: LineQueue;
  readonly #listeners: readonly (readonly [channel: string, listen: (event: unknown) => void])[];
  readonly #onBeforeExit = (): void => void this.#queue.flush();
  readonly #onExit = (): void => this.#queue.flushNow();

  constructor(sink: Sink, recorder: Recorder, naming: Naming, onError: (error: Error) => void = () => undefined) {
    this.#queue = new LineQueue(sink, (error) => quietly(() => onError(error)));
    const record = (name: LockEventName, event: LockEvent): void => {
      const lock = naming(event);
      const entry = lock === undefined ? undefined : recorder.entryOf(name, event, lock);
      if (entry) this.#queue.add(encodeLine(entry));
    };
    this.#listeners = EVENTS.map((name) => [
      `vfs-lockfile:${name}`,
      (event) => quietly(() => record(name, event as LockEvent)),
    ]);
    for (const [channel, listen] of this.#listeners) subscribe(channel, listen);
    process.on('beforeExit', this.#onBeforeExit);
    process.on('exit', this.#onExit);
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  flush(): Promise<void> {
    return this.#queue.flush();
  }

  async close(): Promise<void> {
    for (const [channel, listen] of this.#listeners) unsubscribe(channel, listen);
    await this.#queue.flush();
    process.off('beforeExit', this.#onBeforeExit);
    process.off('exit', this.#onExit);
  }
}

/** A listener that throws would end the process. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // The journal is not worth a lock.
  }
}
