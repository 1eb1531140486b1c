import { setMaxListeners } from 'node:events';
import { constants } from 'node:os';

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;
const ALSO_FORWARDED = ['SIGWINCH', 'SIGCONT', 'SIGTSTP'] as const;

/** A signal came before there was a command to pass it on to. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

/** The exit code by which shells tell that a signal ended a process. */
export function signalExitCode(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** The signals that this process gets: until there is somebody to pass them on to the first interrupts it, a second ends it. */
export class Signals {
  readonly #interrupted = new AbortController();
  #forward: ((signal: NodeJS.Signals) => void) | undefined;

  constructor() {
    // Many things at once may depend on it, which is no leak.
    setMaxListeners(0, this.#interrupted.signal);
    for (const signal of ENDING) process.on(signal, this.#receive);
  }

  /** Aborts with `Interrupted`. */
  get interrupted(): AbortSignal {
    return this.#interrupted.signal;
  }

  forwardTo(forward: (signal: NodeJS.Signals) => void): void {
    this.#forward = forward;
    for (const signal of ALSO_FORWARDED) process.on(signal, this.#receive);
  }

  readonly #receive = (signal: NodeJS.Signals): void => {
    if (this.#forward) {
      this.#forward(signal);
    } else {
      for (const each of ENDING) process.off(each, this.#receive);
      this.#interrupted.abort(new Interrupted(signal));
    }
  };
}
