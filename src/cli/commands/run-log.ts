import { subscribe, unsubscribe } from 'node:diagnostics_channel';

import { LineQueue } from '../../journal/line-queue.js';
import { fileSink } from '../../journal/sink.js';
import type { LockEvent } from '../../lock/model/events.js';
import { openLocal } from '../../open.js';
import { untilAborted } from '../../util/abort.js';
import type { Refused } from '../guardian/link.js';
import type { Ended } from '../guardian/messages.js';
import { jsonLine } from '../terminal/json.js';
import { printError } from '../terminal/print-error.js';

/** Renewals that go well, and a wait that goes on, are written this often. */
const EVERY_MS = 60_000;

/** In characters. */
const LONGEST_TEXT = 1000;

/** How long a disk may take to accept the last lines. */
const CLOSE_MS = 2000;

/** What a line calls the events of the library. A failed one is called `not-` as much. */
const NAMES: Readonly<Record<string, string>> = {
  wait: 'waiting',
  acquire: 'acquired',
  timeout: 'not-acquired',
  fail: 'not-acquired',
  renew: 'renewed',
  lost: 'lost',
  release: 'released',
};

/** What happened to the lock of `run` and to COMMAND, as lines of JSON in a local file. It never blocks or fails either of them. */
export class RunLog {
  readonly #queue: LineQueue;
  readonly #listeners: readonly (readonly [channel: string, listen: (event: unknown) => void])[];
  readonly #writtenMs = new Map<string, number>();
  #about: Pick<LockEvent, 'path' | 'lockId'>;
  #startedMs = 0;

  /** Throws if there cannot be such a file. `lock`: the display path of the lock file. */
  constructor(file: string, lock: string) {
    this.#about = { path: lock, lockId: '' };
    this.#queue = new LineQueue(fileSink(openLocal(file)), ({ message }) => {
      printError(`the log is incomplete: ${message}`);
    });
    this.#listeners = Object.entries(NAMES).map(([event, name]) => [
      `vfs-lockfile:${event}`,
      (message) => this.#record(name, message as LockEvent),
    ]);
    for (const [channel, listen] of this.#listeners) subscribe(channel, listen);
  }

  /** COMMAND is started now. */
  starting(): void {
    this.#startedMs = performance.now();
  }

  /** How COMMAND ended, or why it could not be started. */
  ended(outcome: Ended | Refused): void {
    const durationMs = performance.now() - this.#startedMs;
    const { code } = outcome;
    if (outcome.report === 'refused') this.#write('not-started', { ...this.#about, durationMs, error: code });
    else this.#write('ended', { ...this.#about, durationMs, reason: outcome.reason }, { code, signal: outcome.signal });
  }

  /** Writes what is left, if the disk accepts it soon. */
  async close(): Promise<void> {
    for (const [channel, listen] of this.#listeners) unsubscribe(channel, listen);
    await untilAborted(this.#queue.flush(), undefined, { limitMs: CLOSE_MS }).catch(() => undefined);
  }

  #record(name: string, event: LockEvent): void {
    const { path, lockId, reason } = event;
    this.#about = { path, lockId };
    const isFailed = reason === 'failed' && name !== 'not-acquired';
    const called = isFailed ? `not-${name}` : name;
    if (this.#isDue(called)) this.#write(called, event);
  }

  #isDue(name: string): boolean {
    if (name !== 'waiting' && name !== 'renewed') return true;
    const beforeMs = this.#writtenMs.get(name);
    if (beforeMs !== undefined && performance.now() - beforeMs < EVERY_MS) return false;
    this.#writtenMs.set(name, performance.now());
    return true;
  }

  #write(
    name: string,
    about: Pick<LockEvent, 'path' | 'lockId' | 'durationMs' | 'error'> & { readonly reason?: string | undefined },
    more: object = {},
  ): void {
    const { path, lockId: id, durationMs, reason, error } = about;
    const line = jsonLine('run', {
      ...{ at: new Date().toISOString(), event: name, path, id },
      durationMs: Math.round(durationMs),
      reason: textOf(reason),
      error: textOf(error),
      ...more,
    });
    this.#queue.add(line.trimEnd());
  }
}

function textOf(value: unknown): string | null {
  if (value === undefined) return null;
  const text = value instanceof Error ? value.message : typeof value === 'string' ? value : 'unknown';
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}...` : text;
}
