import { LockForeignError, LockHeldError, LockLostError, LockTimeoutError } from '../../lock/model/errors.js';
import { describeCommand } from '../../lock/model/holder.js';
import { printable } from '../../lock/model/record.js';
import { limitText } from '../../util/abort.js';
import { LockOptionError } from '../../util/option-error.js';
import { VfsError } from '../../vfs/errors.js';
import { ConflictError } from '../conflict.js';
import { CliError, EXIT } from '../exit-codes.js';
import { factsOf, linesOf } from '../terminal/lock-facts.js';
import { printError, printLines } from '../terminal/print-error.js';
import { screenOn, styled } from '../terminal/screen.js';
import type { Arguments } from '../usage/arguments.js';

/** The store errors that a wrong FILE or LOCATION causes. */
const UNUSABLE = ['ERR_VFS_PATH', 'ERR_VFS_UNSUPPORTED', 'ERR_VFS_URI'];

/** Prints what went wrong and returns the exit code for it. A held lock takes several lines on a terminal, all else takes one. */
export function reportError(error: unknown, args?: Arguments): number {
  if (error instanceof ConflictError) {
    reportHeld(error.cause, args);
    return error.exitCode;
  }
  if (error instanceof LockHeldError || error instanceof LockTimeoutError) reportHeld(error, args);
  else printError(error instanceof Error ? error.message : String(error));
  return exitCodeOf(error);
}

function reportHeld(error: LockHeldError | LockTimeoutError, args: Arguments | undefined): void {
  const lock = namedBy(args, error.path);
  const screen = screenOn(2);
  const { record, foreign, waiters, ageMs, expiresInMs } = error;
  if (screen === undefined || ageMs === undefined) {
    printError(`${error.message}; next: vfs-lockfile status ${lock}`);
    return;
  }
  const gaveUp = error instanceof LockTimeoutError ? `; gave up after ${limitText(error.waitMs)}` : '';
  const end = record?.lockId ? [`vfs-lockfile unlock ${lock} --expect ${describeCommand([record.lockId])}`] : [];
  const next = [
    `vfs-lockfile status ${lock}`,
    'wait for it: --wait 10m',
    ...end.map((command) => `end it: ${command}`),
  ];
  printLines([
    `${styled(printable(error.path), 'bold', screen)} is held${gaveUp}`,
    ...linesOf(factsOf({ record, foreign, ageMs, expiresInMs, waiters: waiters ?? [] }), '  '),
    ...next.map((text, i) => `${i === 0 ? 'Next:' : '  or'} ${text}`),
  ]);
}

/** The lock as the caller named it, for the next command. */
function namedBy(args: Arguments | undefined, path: string): string {
  if (args === undefined || !('file' in args)) return describeCommand([path]);
  const lockFile = 'lockFile' in args ? args.lockFile : undefined;
  return describeCommand(lockFile ? [args.file, '--lock-file', lockFile.text] : [args.file]);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return error.exitCode;
  if (error instanceof LockHeldError) return EXIT.held;
  if (error instanceof LockTimeoutError) return EXIT.timedOut;
  if (error instanceof LockLostError) return EXIT.lost;
  if (error instanceof LockOptionError || error instanceof LockForeignError) return EXIT.usage;
  return error instanceof VfsError && UNUSABLE.includes(error.code) ? EXIT.usage : EXIT.failed;
}
