/** The exit codes of the command line itself; `run` otherwise passes on the exit code of COMMAND. Scripts depend on them, so they never change. */
export const EXIT = {
  usage: 64,
  failed: 74,
  held: 75,
  timedOut: 79,
  lost: 80,
  tooLong: 124,
  notExecutable: 126,
  notFound: 127,
} as const;

/** How `doctor` ends when it reached a verdict. */
export const DOCTOR_EXIT = { safe: 0, unsafe: 1, unproved: 2 } as const;

/** How `unlock`, `renew` and `release` end when they changed nothing: the lock has another id by now, or is gone. */
export const NOT_THAT_LOCK = 1;

/** How `status` ends when it could read the lock. */
export const STATUS_EXIT = { free: 0, held: 1, stale: 2, unreadable: 3, foreign: 4 } as const;

/** Ends the command line with one line on standard error and an exit code. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** The error for a mistake on the command line or in the environment. */
export function usageError(message: string, options?: ErrorOptions): CliError {
  return new CliError(EXIT.usage, message, options);
}
