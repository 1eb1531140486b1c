/** An option or argument is unusable; the message names it, and what was expected. Thrown before any I/O. */
export class LockOptionError extends Error {
  override readonly name = 'LockOptionError';
  readonly code = 'ERR_LOCK_OPTION';
}
