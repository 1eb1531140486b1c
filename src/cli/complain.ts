import { LockHeldError, LockLostError, LockOptionError, LockTimeoutError, VfsError } from '../errors.js';
import { printable } from '../record.js';
import { Complaint } from './complaint.js';
import { EXIT } from './exit-codes.js';

const UNUSABLE = ['ERR_VFS_PATH', 'ERR_VFS_UNSUPPORTED', 'ERR_VFS_URI'];

/** Tells on one line what went wrong, and how the process should end for it. */
export function complain(error: unknown): number {
  say(error instanceof Error ? error.message : String(error));
  return exitCodeOf(error);
}

/** One line on standard error, whatever text of others is in it. */
export function say(message: string): void {
  process.stderr.write(`vfs-lockfile: ${printable(message)}\n`);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof Complaint) return error.exitCode;
  if (error instanceof LockHeldError) return EXIT.held;
  if (error instanceof LockTimeoutError) return EXIT.timedOut;
  if (error instanceof LockLostError) return EXIT.lost;
  if (error instanceof LockOptionError) return EXIT.usage;
  return error instanceof VfsError && UNUSABLE.includes(error.code) ? EXIT.usage : EXIT.failed;
}
