import { cutOff, screenOn } from './terminal.js';

const EVERY_MS = 200;
const CLEAR_LINE = '\r\u{1b}[2K';

/** How far some long work has come, on one line of a terminal on standard error, and nowhere else. */
export class Progress {
  readonly #screen = screenOn(2);
  readonly #wanted: boolean;
  #shownMs = performance.now();
  #shown = false;

  constructor(wanted: boolean) {
    this.#wanted = wanted;
  }

  /** Shows the text, unless it is too soon to show anything again. */
  tell(text: () => string): void {
    const now = performance.now();
    if (!this.#wanted || this.#screen === undefined || now - this.#shownMs < EVERY_MS) return;
    this.#shownMs = now;
    this.#shown = true;
    this.#screen.write(CLEAR_LINE + cutOff(text(), (this.#screen.columns || 80) - 1));
  }

  /** Makes room for what is printed next. */
  clear(): void {
    if (this.#shown) this.#screen?.write(CLEAR_LINE);
    this.#shown = false;
  }
}
