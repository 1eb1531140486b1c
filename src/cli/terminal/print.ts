import { EXIT } from '../exit-codes.js';

let handled = false;

/** Writes to standard output. If the reader stops early, as in `| head -1`, that is not an error; a full disk is one. */
export function print(text: string): void {
  if (!handled) process.stdout.on('error', fail);
  handled = true;
  process.stdout.write(text);
}

/** Calls back when nobody reads standard output any more. */
export function whenUnread(callback: () => void): void {
  process.stdout.on('error', callback);
}

function fail({ code, message }: NodeJS.ErrnoException): void {
  if (code === 'EPIPE' || process.exitCode === EXIT.failed) return;
  process.exitCode = EXIT.failed;
  // Only now: what it needs is slow to load.
  void import('./print-error.js').then(({ printError }) => printError(`cannot write to standard output: ${message}`));
}
