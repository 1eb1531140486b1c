import { performance } from 'node:perf_hooks';
import { clearTimeout, setImmediate, setTimeout } from 'node:timers';
import { abortAfter } from '../util/abort.js';
import { ROOM_FOR_DROPPED, withDropped } from './line.js';
import type { Sink } from './sink.js';

/** How many bytes of lines may wait. */
const QUEUE_BYTES = 1_048_576;

/** A write that takes longer is given up. */
const WRITE_LIMIT_MS = 10_000;

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

/** A write that has not ended for this long is on a store that hangs, which must not keep the process from exiting. */
const HANGS_MS = 1000;

interface Batch {
  readonly data: Uint8Array;
  readonly lines: number;
  /** How many dropped lines its first line reports. */
  readonly reported: number;
}

/** Lines on their way to a sink: a bounded number of them, written in order, whole, and never awaited by who adds them. */
export class LineQueue {
  readonly #sink: Sink;
  readonly #onError: (error: Error) => void;
  readonly #lines: string[] = [];
  #bytes = 0;
  #dropped = 0;
  #failures = 0;
  #scheduled: { readonly cancel: () => void } | undefined;
  #writing: Promise<void> | undefined;
  #writingSinceMs = 0;

  constructor(sink: Sink, onError: (error: Error) => void) {
    this.#sink = sink;
    this.#onError = onError;
  }

  /** How many lines could not be written, and have not been reported by a line that was. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Undefined stands for a line that cannot be written. */
  add(line: string | undefined): void {
    const bytes = line === undefined ? 0 : Buffer.byteLength(line) + 1;
    if (line === undefined || this.#bytes + bytes > QUEUE_BYTES) {
      this.#dropped += 1;
      return;
    }
    this.#lines.push(line);
    this.#bytes += bytes;
    this.#schedule();
  }

  /** Tries to write all that waits. Resolves when that is done or has failed, and never rejects. */
  async flush(): Promise<void> {
    this.#scheduled?.cancel();
    await this.#writing;
    await this.#writeAll();
  }

  /** Writes all that waits before it returns, where the store can do that and does not hang. */
  flushNow(): void {
    const sink = this.#sink;
    if (!sink.writeNow || (this.#writing && performance.now() - this.#writingSinceMs > HANGS_MS)) return;
    for (let batch = this.#take(); batch; batch = this.#take()) {
      try {
        sink.writeNow(batch.data);
      } catch {
        return;
      }
    }
  }

  #schedule(): void {
    if (this.#scheduled || this.#writing) return;
    const pauseMs = this.#failures === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS);
    const write = (): void => {
      this.#scheduled = undefined;
      void this.#writeAll();
    };
    const ms = Math.max(pauseMs, this.#sink.delayMs);
    const [immediate, timer] = ms === 0 ? [setImmediate(write)] : [undefined, setTimeout(write, ms).unref()];
    const cancel = (): void => {
      clearImmediate(immediate);
      clearTimeout(timer);
      this.#scheduled = undefined;
    };
    this.#scheduled = { cancel };
  }

  #writeAll(): Promise<void> {
    this.#writingSinceMs = performance.now();
    this.#writing ??= this.#writeBatches().finally(() => {
      this.#writing = undefined;
      if (this.#lines.length > 0) this.#schedule();
    });
    return this.#writing;
  }

  async #writeBatches(): Promise<void> {
    for (let batch = this.#take(); batch; batch = this.#take()) {
      try {
        this.#writingSinceMs = performance.now();
        await this.#sink.write(batch.data, abortAfter(WRITE_LIMIT_MS));
        this.#failures = 0;
      } catch (error) {
        // Some of it may have been written, so that it is not tried again.
        this.#dropped += batch.lines + batch.reported;
        this.#failures += 1;
        if (this.#failures === 1) this.#onError(error instanceof Error ? error : new Error(String(error)));
        return;
      }
    }
  }

  #take(): Batch | undefined {
    let bytes = 0;
    let lines = 0;
    const { maxBytes } = this.#sink;
    for (const line of this.#lines) {
      const more = Buffer.byteLength(line) + 1;
      if (lines > 0 && bytes + more > maxBytes - ROOM_FOR_DROPPED) break;
      bytes += more;
      lines += 1;
    }
    const [first, ...rest] = this.#lines.splice(0, lines);
    if (first === undefined) return undefined;
    this.#bytes -= bytes;
    const reported = this.#dropped;
    this.#dropped = 0;
    const text = [withDropped(first, reported), ...rest].map((line) => `${line}\n`).join('');
    return { data: Buffer.from(text), lines, reported };
  }
}
