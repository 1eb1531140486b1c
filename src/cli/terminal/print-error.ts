import { writeSync } from 'node:fs';

import { printable } from '../../lock/model/record.js';

/** Prints one line on standard error; control characters in `message` are escaped. */
export function printError(message: string): void {
  printLines([`vfs-lockfile: ${printable(message)}`]);
}

/** Prints lines, which are safe to print, on standard error. */
export function printLines(lines: readonly string[]): void {
  try {
    // Not process.stderr: it makes a pipe non-blocking, also for a command that writes to the same pipe.
    writeSync(2, lines.map((line) => `${line}\n`).join(''));
  } catch {
    // Nobody reads standard error.
  }
}
