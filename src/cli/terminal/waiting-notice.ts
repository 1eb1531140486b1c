import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { Inspector, type Inspection } from '../../lock/inspect.js';
import type { Lockfile } from '../../lock/lockfile.js';
import type { LockEvent } from '../../lock/model/events.js';
import { describeHolder } from '../../lock/model/holder.js';
import { printable } from '../../lock/model/record.js';
import type { VfsFile } from '../../vfs/file.js';
import { printError } from './print-error.js';
import { CLEAR_LINE, lineColumnsOf, screenOn, styled } from './screen.js';
import { fitting } from './text.js';
import { formatSpan } from '../../util/duration.js';
import { formatTime } from './time-text.js';

const WAITING = 'vfs-lockfile:wait';
const REFRESH_MS = 1000;

/** An unreadable lock is respected for the default lease. */
const UNREADABLE_TTL_MS = 30_000;

/** Reports that `run` waits: on a terminal in one line that is kept up to date, otherwise in one line at the start. */
export class WaitingNotice {
  readonly #waitMs: number;
  readonly #file: VfsFile;
  readonly #lock: string;
  readonly #inspector: Inspector;
  readonly #screen = screenOn(2);
  readonly #startedMs = performance.now();
  #seen: Inspection | undefined;
  #seenMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** `waitMs`: how long the acquisition waits at most. */
  constructor({ file, path }: Pick<Lockfile, 'file' | 'path'>, waitMs: number) {
    this.#waitMs = waitMs;
    this.#file = file;
    this.#lock = file.resolve(path).path;
    this.#inspector = new Inspector(file.vfs, UNREADABLE_TTL_MS);
    subscribe(WAITING, this.#begin);
  }

  /** Removes the line from the terminal. */
  close(): void {
    this.#closed = true;
    unsubscribe(WAITING, this.#begin);
    this.#screen?.off('resize', this.#draw);
    clearInterval(this.#timer);
    if (this.#seen) this.#screen?.write(CLEAR_LINE);
  }

  readonly #begin = (event: unknown): void => {
    unsubscribe(WAITING, this.#begin);
    if (this.#screen === undefined) {
      const limit = this.#waitMs === Infinity ? '' : ` for at most ${formatSpan(this.#waitMs)}`;
      printError(`waiting${limit}: ${(event as LockEvent).reason}`);
      return;
    }
    this.#screen.on('resize', this.#draw);
    this.#timer = setInterval(() => void this.#refresh(), REFRESH_MS);
    void this.#refresh();
  };

  async #refresh(): Promise<void> {
    try {
      this.#seen = await this.#inspector.inspectLock(this.#lock, {});
      this.#seenMs = performance.now();
    } catch {
      // The last inspection stays. If the failure matters, the acquisition reports it.
    }
    this.#draw();
  }

  readonly #draw = (): void => {
    if (this.#closed || this.#screen === undefined || this.#seen === undefined) return;
    const now = performance.now();
    const waited = waitedText(now - this.#startedMs, this.#waitMs);
    const texts = waitingTexts(this.#seen, this.#file.toString(), waited, now - this.#seenMs);
    const text = fitting(texts, lineColumnsOf(this.#screen));
    this.#screen.write(CLEAR_LINE + text.replace(/^waiting/, styled('waiting', 'bold', this.#screen)));
  };
}

function waitedText(waitedMs: number, waitMs: number): string {
  const left = waitMs === Infinity ? '' : ` (${formatSpan(waitMs - waitedMs)} left)`;
  return `waiting ${formatSpan(waitedMs)}${left}`;
}

/** The same in several lengths, the longest first. */
function waitingTexts(seen: Inspection, file: string, waiting: string, seenAgoMs: number): readonly string[] {
  const { state, record, ageMs = 0, expiresInMs = 0 } = seen;
  if (state === 'free' || state === 'released') {
    return [`${waiting} for ${printable(file)}: just released`, `${waiting}: just released`];
  }
  const since = `since ${formatTime(new Date(Date.now() - ageMs - seenAgoMs))}`;
  const lease = expiresInMs === Infinity ? 'without end' : `lease ${formatSpan(expiresInMs - seenAgoMs)}`;
  const holder = record === undefined ? 'somebody unknown' : describeHolder(record);
  const short = record === undefined ? holder : printable(record.ownerId) || `process ${record.pid}`;
  return [
    `${waiting} for ${printable(file)}: held by ${holder} ${since}, ${lease}`,
    `${waiting}: held by ${holder} ${since}, ${lease}`,
    `${waiting}: ${short} ${since}, ${lease}`,
    `${waiting}: ${short}, ${lease}`,
    `${waiting}: ${short}`,
  ];
}
