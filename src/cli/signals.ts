import { setMaxListeners } from 'node:events';
import { constants } from 'node:os';

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;
const HANDLED = [...ENDING, 'SIGTSTP'] as const;
const ALSO_FORWARDED = ['SIGWINCH', 'SIGCONT'] as const;

/** A signal arrived that was not passed on to a command. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly signal: NodeJS.Signals;

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}

/** The exit code that shells use for a process that a signal ended. */
export function signalExitCode(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** The signal that a process has to end by for a shell to see this exit code. */
export function signalOf(exitCode: number): NodeJS.Signals | undefined {
  return ENDING.find((signal) => signalExitCode(signal) === exitCode);
}

/** Handles the signals that this process receives. The first one interrupts and the second one ends the process, until `forwardTo` is called. */
export class Signals {
  readonly #interrupted = new AbortController();
  #forward: ((signal: NodeJS.Signals) => void) | undefined;

  constructor() {
    // Any number of operations may listen to it, which is not a leak.
    setMaxListeners(0, this.#interrupted.signal);
    for (const signal of HANDLED) process.on(signal, this.#receive);
  }

  /** Aborts with `Interrupted`. */
  get interrupted(): AbortSignal {
    return this.#interrupted.signal;
  }

  /** Passes on every further signal instead of interrupting. */
  forwardTo(forward: (signal: NodeJS.Signals) => void): void {
    this.#forward = forward;
    for (const signal of ALSO_FORWARDED) process.on(signal, this.#receive);
  }

  readonly #receive = (signal: NodeJS.Signals): void => {
    if (this.#forward) {
      this.#forward(signal);
    } else if (signal === 'SIGTSTP') {
      // The default action of SIGTSTP is none in a group that no shell controls, such as that of a service.
      process.kill(process.pid, 'SIGSTOP');
    } else {
      for (const each of HANDLED) process.off(each, this.#receive);
      this.#interrupted.abort(new Interrupted(signal));
    }
  };
}
