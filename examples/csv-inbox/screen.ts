import type { WriteStream } from 'node:tty';

import type { History } from './history.js';

const LIVE_MS = 100;
const PLAIN_MS = 2000;
const ERASE_LINE = '\r\u001b[2K';

/** Shows the progress: on a terminal in one line that changes, elsewhere in a new line every two seconds. */
export class Screen {
  readonly #out: WriteStream;
  readonly #startedMs = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(out: WriteStream) {
    this.#out = out;
  }

  /** Shows progress until `stop` is called. */
  start(history: History, files: number): void {
    const { isTTY } = this.#out;
    const show = (): void => {
      const progress = describe(history, files);
      if (isTTY) this.#out.write(ERASE_LINE + this.#withTime(progress).slice(0, this.#out.columns - 1));
      else this.log(progress);
    };
    this.#timer = setInterval(show, isTTY ? LIVE_MS : PLAIN_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    if (this.#out.isTTY) this.#out.write(ERASE_LINE);
  }

  /** Prints a line with the time since the start. */
  log(text: string): void {
    if (this.#out.isTTY) this.#out.write(ERASE_LINE);
    this.print(this.#withTime(text));
  }

  /** Prints text without a time. */
  print(text: string): void {
    this.#out.write(`${text}\n`);
  }

  #withTime(text: string): string {
    return `${((performance.now() - this.#startedMs) / 1000).toFixed(1).padStart(5)} s  ${text}`;
  }
}

function describe(history: History, files: number): string {
  const underWay = history.inProgress.map(({ worker, file, rows }) => `${String(worker)} ${file} ${count(rows)}`);
  return [`${String(history.archived)} of ${String(files)} files`, ...underWay].join(' | ');
}

/** Formats 1234567 as 1,234,567. */
export function count(number: number): string {
  return number.toLocaleString('en-US');
}
