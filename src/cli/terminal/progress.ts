import { CLEAR_LINE, lineColumnsOf, screenOn } from './screen.js';
import { cutEnd } from './text.js';

const EVERY_MS = 200;

/** The progress of long work on one line of the terminal, if standard error is one. */
export class Progress {
  readonly #screen = screenOn(2);
  readonly #wanted: boolean;
  #shownMs = performance.now();
  #shown = false;

  constructor(wanted: boolean) {
    this.#wanted = wanted;
  }

  /** Shows the text, unless the last one was shown less than 200 ms ago. */
  show(text: () => string): void {
    const now = performance.now();
    if (!this.#wanted || this.#screen === undefined || now - this.#shownMs < EVERY_MS) return;
    this.#shownMs = now;
    this.#shown = true;
    this.#screen.write(CLEAR_LINE + cutEnd(text(), lineColumnsOf(this.#screen)));
  }

  /** Removes the line, before something else is printed. */
  clear(): void {
    if (this.#shown) this.#screen?.write(CLEAR_LINE);
    this.#shown = false;
  }
}
