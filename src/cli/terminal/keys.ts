/** What somebody wants of a live table. */
export type Wish = 'up' | 'down' | 'page-up' | 'page-down' | 'top' | 'end' | 'quit';

const ESC = '\u{1b}';

const WISHES: Readonly<Record<string, Wish>> = {
  ...{ k: 'up', j: 'down', b: 'page-up', ' ': 'page-down', g: 'top', G: 'end', q: 'quit', Q: 'quit' },
  ...{ [`${ESC}[A`]: 'up', [`${ESC}[B`]: 'down', [`${ESC}OA`]: 'up', [`${ESC}OB`]: 'down' },
  ...{ [`${ESC}[5~`]: 'page-up', [`${ESC}[6~`]: 'page-down' },
  ...{ [`${ESC}[H`]: 'top', [`${ESC}OH`]: 'top', [`${ESC}[1~`]: 'top' },
  ...{ [`${ESC}[F`]: 'end', [`${ESC}OF`]: 'end', [`${ESC}[4~`]: 'end' },
};

/** Keys that the terminal turns into signals unless it is raw. */
const SIGNALS: Readonly<Record<string, NodeJS.Signals>> = {
  '\u{3}': 'SIGINT',
  '\u{1c}': 'SIGQUIT',
  '\u{1a}': 'SIGTSTP',
};

// eslint-disable-next-line no-control-regex
const KEY = /\u001b(?:\[[0-9;]*[A-Za-z~]|O[A-Za-z])|[^]/gu;

/** The keys that are pressed on the terminal of standard input, if it is one. */
export class Keys {
  readonly #onWish: (wish: Wish) => void;
  /** Called before this process may be stopped, and when it goes on. */
  readonly #onPause: (paused: boolean) => void;

  constructor(onWish: (wish: Wish) => void, onPause: (paused: boolean) => void) {
    this.#onWish = onWish;
    this.#onPause = onPause;
    if (!process.stdin.isTTY) return;
    process.stdin.setRawMode(true).setEncoding('utf8').on('data', this.#read);
    process.on('SIGCONT', this.#goOn);
  }

  close(): void {
    if (!process.stdin.isTTY) return;
    process.off('SIGCONT', this.#goOn);
    process.stdin.off('data', this.#read).setRawMode(false).pause();
  }

  readonly #read = (text: string | Buffer): void => {
    for (const [key] of String(text).matchAll(KEY)) {
      const wish = WISHES[key];
      const signal = SIGNALS[key];
      if (wish) this.#onWish(wish);
      if (signal) this.#raise(signal);
    }
  };

  /** As the terminal would do it: for all processes of the group. */
  #raise(signal: NodeJS.Signals): void {
    if (signal === 'SIGTSTP') {
      process.stdin.setRawMode(false);
      this.#onPause(true);
    }
    process.kill(0, signal);
  }

  readonly #goOn = (): void => {
    process.stdin.setRawMode(true);
    this.#onPause(false);
  };
}
