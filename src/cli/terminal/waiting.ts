import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import type { LockEvent } from '../../lock/model/events.js';
import type { VfsFile } from '../../vfs/file.js';
import { describeHolder } from '../../lock/model/holder.js';
import { Inspector, type Inspection } from '../../lock/inspect.js';
import { printable } from '../../lock/model/record.js';
import { printError } from '../usage/print-error.js';
import { fitting, screenOn, spanOf, styled, timeOf } from './terminal.js';

const WAITING = 'vfs-lockfile:wait';
const REFRESH_MS = 1000;

/** How long a lock that cannot be read is respected: the default lease. */
const UNREADABLE_TTL_MS = 30_000;

const CLEAR_LINE = '\r\u{1b}[2K';

/** Tells of waiting while there is some: on a screen by one line kept up to date, else by one line at the start. */
export class WaitingNotice {
  readonly #file: VfsFile;
  readonly #inspector: Inspector;
  readonly #screen = screenOn(2);
  readonly #startedMs = performance.now();
  #view: Inspection | undefined;
  #viewedMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(file: VfsFile) {
    this.#file = file;
    this.#inspector = new Inspector(file.vfs, UNREADABLE_TTL_MS);
    subscribe(WAITING, this.#begin);
  }

  /** Removes the line from the screen. */
  close(): void {
    this.#closed = true;
    unsubscribe(WAITING, this.#begin);
    this.#screen?.off('resize', this.#draw);
    clearInterval(this.#timer);
    if (this.#view) this.#screen?.write(CLEAR_LINE);
  }

  readonly #begin = (event: unknown): void => {
    unsubscribe(WAITING, this.#begin);
    if (this.#screen === undefined) {
      printError(`waiting: ${(event as LockEvent).reason}`);
      return;
    }
    this.#screen.on('resize', this.#draw);
    this.#timer = setInterval(() => void this.#refresh(), REFRESH_MS);
    void this.#refresh();
  };

  async #refresh(): Promise<void> {
    try {
      this.#view = await this.#inspector.inspect(this.#file.path, {});
      this.#viewedMs = performance.now();
    } catch {
      // The last view stays; whether this failure matters is for the acquisition to say.
    }
    this.#draw();
  }

  readonly #draw = (): void => {
    if (this.#closed || this.#screen === undefined || this.#view === undefined) return;
    const now = performance.now();
    const texts = waitingTexts(this.#view, this.#file.toString(), now - this.#startedMs, now - this.#viewedMs);
    // The last column stays free, as a terminal may wrap when it is taken.
    const text = fitting(texts, (this.#screen.columns || 80) - 1);
    this.#screen.write(CLEAR_LINE + text.replace(/^waiting/, styled('waiting', 'bold', this.#screen)));
  };
}

/** From the longest to the shortest. */
function waitingTexts(view: Inspection, file: string, waitedMs: number, viewAgeMs: number): readonly string[] {
  const waiting = `waiting ${spanOf(waitedMs)}`;
  if (view.state === 'free' || view.state === 'released')
    return [`${waiting} for ${printable(file)}: just released`, `${waiting}: just released`];
  const { record, ageMs = 0, expiresInMs = 0 } = view;
  const since = `since ${timeOf(new Date(Date.now() - ageMs - viewAgeMs))}`;
  const lease = expiresInMs === Infinity ? 'without end' : `lease ${spanOf(expiresInMs - viewAgeMs)}`;
  const who = record === undefined ? 'somebody unknown' : describeHolder(record);
  const short = record === undefined ? who : printable(record.ownerId) || `process ${record.pid}`;
  return [
    `${waiting} for ${printable(file)}: held by ${who} ${since}, ${lease}`,
    `${waiting}: held by ${who} ${since}, ${lease}`,
    `${waiting}: ${short} ${since}, ${lease}`,
    `${waiting}: ${short}, ${lease}`,
    `${waiting}: ${short}`,
  ];
}
