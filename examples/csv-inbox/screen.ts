import type { WriteStream } from 'node:tty';

import type { History } from './history.js';

const LIVE_MS = 100;
const PLAIN_MS = 2000;
const ERASE_LINE = '\r\u001b[2K';

/** Shows how far the work is: on a terminal in one line that changes, elsewhere in a plain line now and then. */
export class Screen {
  readonly #out: WriteStream;
  readonly #startedMs = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(out: WriteStream) {
    this.#out = out;
  }

  /** Begins to show progress, until `stop`. */
  start(history: History, files: number): void {
    const { isTTY } = this.#out;
    const show = (): void => {
      const progress = describe(history, files);
      if (isTTY) this.#out.write(ERASE_LINE + this.#stamped(progress).slice(0, this.#out.columns - 1));
      else this.say(progress);
    };
    this.#timer = setInterval(show, isTTY ? LIVE_MS : PLAIN_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    if (this.#out.isTTY) this.#out.write(ERASE_LINE);
  }

  /** Prints a line that stays. */
  say(text: string): void {
    if (this.#out.isTTY) this.#out.write(ERASE_LINE);
    this.print(this.#stamped(text));
  }

  /** Prints lines as they are. */
  print(text: string): void {
    this.#out.write(`${text}\n`);
  }

  #stamped(text: string): string {
    return `${((performance.now() - this.#startedMs) / 1000).toFixed(1).padStart(5)} s  ${text}`;
  }
}

function describe(history: History, files: number): string {
  const underWay = history.underWay.map(({ worker, file, rows }) => `${String(worker)} ${file} ${count(rows)}`);
  return [`${String(history.archived)} of ${String(files)} files`, ...underWay].join(' | ');
}

/** 1234567 as 1,234,567. */
export function count(number: number): string {
  return number.toLocaleString('en-US');
}
