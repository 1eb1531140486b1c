import { LockHeldError, LockTimeoutError } from '../lock/model/errors.js';

/** Somebody else holds the lock, and the caller wants an exit code of its own for that. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
  override readonly cause: LockHeldError | LockTimeoutError;
  readonly exitCode: number;

  constructor(cause: LockHeldError | LockTimeoutError, exitCode: number) {
    super(cause.message);
    this.cause = cause;
    this.exitCode = exitCode;
  }
}

/** Calls `acquire`, which fails with an exit code of the caller's own if somebody else holds the lock. */
export async function withConflictCode<T>(code: number | undefined, acquire: () => Promise<T>): Promise<T> {
  try {
    return await acquire();
  } catch (error) {
    const isConflict = error instanceof LockHeldError || error instanceof LockTimeoutError;
    throw code === undefined || !isConflict ? error : new ConflictError(error, code);
  }
}
