import { writeSync } from 'node:fs';

import { LockHeldError, LockLostError, LockTimeoutError } from '../../lock/model/errors.js';
import { LockOptionError } from '../../util/option-error.js';
import { VfsError } from '../../vfs/errors.js';
import { printable } from '../../lock/model/record.js';
import { CliError } from './error.js';
import { EXIT } from '../exit-codes.js';

const UNUSABLE = ['ERR_VFS_PATH', 'ERR_VFS_UNSUPPORTED', 'ERR_VFS_URI'];

/** Tells on one line what went wrong, and how the process should end for it. */
export function reportError(error: unknown): number {
  printError(error instanceof Error ? error.message : String(error));
  return exitCodeOf(error);
}

/** One line on standard error, whatever text of others is in it. */
export function printError(message: string): void {
  try {
    // Not by process.stderr: it makes a pipe non-blocking, also for the command that writes to the same one.
    writeSync(2, `vfs-lockfile: ${printable(message)}\n`);
  } catch {
    // Nobody reads it.
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return error.exitCode;
  if (error instanceof LockHeldError) return EXIT.held;
  if (error instanceof LockTimeoutError) return EXIT.timedOut;
  if (error instanceof LockLostError) return EXIT.lost;
  if (error instanceof LockOptionError) return EXIT.usage;
  return error instanceof VfsError && UNUSABLE.includes(error.code) ? EXIT.usage : EXIT.failed;
}
