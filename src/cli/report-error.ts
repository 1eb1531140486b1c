import { LockForeignError, LockHeldError, LockLostError, LockTimeoutError } from '../lock/model/errors.js';
import { LockOptionError } from '../util/option-error.js';
import { VfsError } from '../vfs/errors.js';
import { CliError, EXIT } from './exit-codes.js';
import { printError } from './terminal/print-error.js';

/** The store errors that a wrong FILE or LOCATION causes. */
const UNUSABLE = ['ERR_VFS_PATH', 'ERR_VFS_UNSUPPORTED', 'ERR_VFS_URI'];

/** Prints on one line what went wrong and returns the exit code for it. */
export function reportError(error: unknown): number {
  printError(error instanceof Error ? error.message : String(error));
  return exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return error.exitCode;
  if (error instanceof LockHeldError) return EXIT.held;
  if (error instanceof LockTimeoutError) return EXIT.timedOut;
  if (error instanceof LockLostError) return EXIT.lost;
  if (error instanceof LockOptionError || error instanceof LockForeignError) return EXIT.usage;
  return error instanceof VfsError && UNUSABLE.includes(error.code) ? EXIT.usage : EXIT.failed;
}
